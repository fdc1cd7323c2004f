#include "viewer/diagnose/diagnose.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <unordered_map>

#include "collector/support/beside.h"
#include "viewer/diagnose/row_worker.h"
#include "viewer/diagnose/speaking_of.h"
#include "viewer/model/load.h"
#include "viewer/model/lookup_filter.h"

namespace sockwatch::diagnose {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// What is found in blocks, in the memory of what was found in the one before: there are never more
// of them than blocks in use at a time.
class ShownBlocks {
 public:
  std::shared_ptr<model::PlainBlock> operator()(store::Block& block) {
    auto& shown = of_[&block];
    if (shown == nullptr) {
      shown = std::make_shared<model::PlainBlock>(block);
    } else {
      shown->find();
    }
    return shown;
  }

 private:
  std::unordered_map<const store::Block*, std::shared_ptr<model::PlainBlock>> of_;
};

using ShowLookups = std::function<Status(const store::Reader&)>;

// No attempt is shown to the rules before the second pass: during the first one they see the
// lookups, in a thread of their own.
Status show_blocks(const store::Reader& reader, const store::Filter& wanted, LongTrace& trace,
                   model::SummaryBuilder* summary, const ShowLookups& show_lookups) {
  const auto twin = reader.twin();
  auto lookups =
      begin_beside(twin.has_value(), [&] { return show_lookups(twin ? *twin : reader); });
  using Shown = model::PlainBlock;
  ShownBlocks first_shown;
  std::vector<std::function<void(Shown&)>> first = {[&](Shown& shown) { trace.survey(shown); }};
  if (summary != nullptr) first.emplace_back([&](Shown& shown) { summary->add(shown); });
  Status surveyed = reader.blocks<Shown>(
      wanted,
      [&](store::Block& block) {
        model::SummaryBuilder::prepare(block);
        return first_shown(block);
      },
      first);
  Status looked_up = lookups.get();
  if (!surveyed) return surveyed;
  if (!looked_up) return looked_up;
  trace.end_survey();
  std::vector<std::function<void(Shown&)>> second;
  for (std::size_t share = 0; share < LongTrace::kShares; ++share) {
    second.emplace_back([&trace, share](Shown& shown) { trace.show(shown, share); });
  }
  ShownBlocks second_shown;
  return reader.blocks<Shown>(
      wanted,
      [&](store::Block& block) {
        trace.prepare(block);
        return second_shown(block);
      },
      second);
}

Status show_rows(const store::Reader& reader, const store::Filter& wanted, Session& session,
                 model::SummaryBuilder* summary, const ShowLookups& show_lookups) {
  if (Status lookups = show_lookups(reader); !lookups) return lookups;
  // The rules take longer than anything else that is done with a row.
  RowWorker rules([&](const store::ConnectionRow& row) { session.add(row); });
  Status attempts = reader.connections(wanted, [&](const store::ConnectionRow& row) {
    rules.add(row);
    if (summary != nullptr) summary->add(row);
    return true;
  });
  if (attempts) rules.finish();
  return attempts;
}

}  // namespace

Rules all_rules() {
  Rules rules;
  add_local_rules(rules);
  add_lookup_rules(rules);
  add_handshake_rules(rules);
  add_connected_rules(rules);
  add_group_rules(rules);  // after those they explain
  add_client_rules(rules);
  return rules;
}

const Entry* find_entry(std::string_view id) {
  static const std::vector<const Entry*> all = [] {
    // Entries are constants of their rules: they outlive these.
    std::vector<const Entry*> entries;
    for (const auto& rule : all_rules()) entries.push_back(&rule->entry());
    return entries;
  }();
  const auto found = std::ranges::find_if(all, [&](const Entry* entry) {
    return std::equal(entry->id.begin(), entry->id.end(), id.begin(), id.end(),
                      [](char a, char b) { return upper(a) == upper(b); });
  });
  return found == all.end() ? nullptr : *found;
}

Result<std::vector<Finding>> diagnose(const store::Reader& reader, const store::Filter& filter,
                                      model::SummaryBuilder* summary) {
  store::Filter wanted = filter;
  wanted.outcome.reset();
  wanted.min_connect_ns.reset();
  const auto trace = reader.trace();
  if (!trace) return trace.error();
  const auto processes = reader.processes();
  if (!processes) return processes.error();
  const auto losses = reader.losses();
  if (!losses) return losses.error();
  const auto listeners = reader.listeners();
  if (!listeners) return listeners.error();
  const auto failed_calls = reader.failed_calls();
  if (!failed_calls) return failed_calls.error();

  Session session(Settings::of(*trace), all_rules(), !model::is_empty(wanted));
  const model::LookupFilter chosen(wanted, reader, *processes);
  for (const auto& row : *processes) {
    if (chosen.accepts_process(row.id)) session.add(row);
  }
  for (const auto& row : *losses) {
    if (!row.process_id || chosen.accepts_process(*row.process_id)) session.add(row);
  }
  for (const auto& row : *listeners) {
    if (chosen.accepts_process(row.process_id)) session.add(row);
  }
  for (const auto& row : *failed_calls) {
    if (chosen.accepts_process(row.process_id)) session.add(row);
  }
  const ShowLookups show_lookups = [&](const store::Reader& from) {
    return from.resolutions([&](const store::ResolutionRow& row) {
      if (!chosen.accepts(row)) return true;
      session.add(row);
      if (summary != nullptr) summary->add(row);
      return true;
    });
  };
  const auto long_trace = reader.is_packed() ? session.begin_long_trace() : nullptr;
  const Status shown = long_trace != nullptr
                           ? show_blocks(reader, wanted, *long_trace, summary, show_lookups)
                           : show_rows(reader, wanted, session, summary, show_lookups);
  if (!shown) return shown.error();
  std::vector<Finding> findings = session.finish();
  if (!model::by_course(filter)) return findings;
  return speaking_of(std::move(findings), reader, filter);
}

}  // namespace sockwatch::diagnose
