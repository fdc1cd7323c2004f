// Blocks of the copy that long traces have, as a file holds them that anybody may have made: a good
// block with bytes written over, or just bytes; through filters of columns, summary and diagnoses.
#include <memory>
#include <string>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/writer.h"
#include "tests/fuzz/input.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/summary.h"

namespace sockwatch::fuzz {
namespace {

constexpr std::int64_t kNumbers[] = {
    0, 1, 2, 7, 8, 111, 1'000'000, 250'000'000, 3'000'000'000, -1, INT64_MAX, INT64_MIN};

store::ConnectionRow plain(std::int64_t id, Input& input) {
  store::ConnectionRow row;
  row.id = id;
  row.process_id = 1;
  row.family = "ipv4";
  row.protocol = "tcp";
  row.peer_address = "10.0.0." + std::to_string(input.below(3));
  row.peer_port = 443;
  row.local_port = 40'000 + id;
  row.started_ns = 1'000'000 * id;
  row.outcome = "connected";
  row.ending = "closed";
  row.decided_ns = row.started_ns + 300'000;
  row.first_receive_ns = row.started_ns + 500'000;
  row.closed_ns = row.started_ns + 600'000;
  row.syn_retransmits = 0;
  return row;
}

// Any number in any column that holds numbers.
void spoil(store::ConnectionRow& row, Input& input) {
  std::size_t at = input.below(64);
  const std::int64_t number = input.pick(kNumbers);
  store::for_each_column<store::ConnectionRow>(
      [&]<typename Value>(const store::Column<store::ConnectionRow, Value>& column) {
        if (at-- != 0) return;
        if constexpr (std::is_same_v<Value, store::OptInt>) row.*(column.member) = number;
      });
}

std::string good_block(Input& input, std::int64_t rows) {
  store::Packer packer;
  for (std::int64_t id = 1; id <= rows; ++id) {
    store::ConnectionRow row = plain(id, input);
    for (std::size_t times = input.below(4); times > 0; --times) spoil(row, input);
    packer.add(row);
  }
  return packer.take();
}

// Twice, as a long trace is looked at, by one thread after the other.
void view(const std::string& bytes, std::int64_t rows) {
  store::Block first(store::kSchemaVersion);
  if (!first.open(bytes, rows)) return;
  diagnose::Session session({}, diagnose::all_rules());
  const auto trace = session.begin_long_trace();
  require(trace != nullptr, "every rule has said what it needs");
  model::SummaryBuilder summary;
  model::SummaryBuilder::prepare(first);
  const model::PlainBlock surveyed(first);
  trace->survey(surveyed);
  summary.add(surveyed);
  trace->end_survey();
  store::Block second(store::kSchemaVersion);
  require(second.open(bytes, rows), "a block is refused or not");
  trace->prepare(second);
  const model::PlainBlock shown(second);
  for (std::size_t share = 0; share < diagnose::LongTrace::kShares; ++share)
    trace->show(shown, share);
  require(summary.finish().total.attempts == static_cast<std::uint64_t>(rows),
          "every row is counted");
  (void)session.finish();
}

void run(Input input) {
  const auto rows = static_cast<std::int64_t>(1 + input.below(20));
  std::string bytes = input.below(8) == 0 ? input.rest() : good_block(input, rows);
  for (int edit = 0; edit < 8 && !input.empty() && !bytes.empty(); ++edit) {
    bytes[input.take<std::uint16_t>() % bytes.size()] = static_cast<char>(input.below(256));
  }
  view(bytes, rows);
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
