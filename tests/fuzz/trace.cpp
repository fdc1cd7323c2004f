// A trace that anybody may have made: opened, summed up, diagnosed and drawn as the viewer does.
//
// The first byte says how it is made (trace_inputs.h), which page of it is drawn, and whether that
// is redacted: to draw all of them each time takes longer and finds no more.
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "collector/store/reader.h"
#include "collector/support/clean_text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch_directory.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/trace_inputs.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/model/load.h"
#include "viewer/render/connection_page.h"
#include "viewer/render/finding_page.h"
#include "viewer/render/json_report.h"
#include "viewer/render/json_rows.h"
#include "viewer/render/text_report.h"
#include "viewer/render/text_rows.h"
#include "viewer/render/waterfall.h"

namespace sockwatch::fuzz {
namespace {

void require_harmless(const std::string& text, const char* what) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) require(clean(line) == line, what);
}

void require_json(const std::string& text) {
  for (const char c : text)
    require(static_cast<unsigned char>(c) < 0x80 && (c >= 0x20 || c == '\n'),
            "JSON is plain ASCII");
  std::istringstream lines(text);
  if (text.starts_with("{\"")) {
    for (std::string line; std::getline(lines, line);)
      require(nlohmann::json::accept(line), "a row is JSON");
  } else {
    require(nlohmann::json::accept(text), "the report is JSON");
  }
}

// What pages are made from.
struct Trace {
  const store::Reader& reader;
  std::map<std::string, std::string> facts;
  std::vector<store::ProcessRow> processes;
  render::TextStyle style;
};

struct Diagnosed {
  model::Summary summary;
  std::vector<diagnose::Finding> findings;
};

std::optional<Diagnosed> diagnose_trace(const Trace& trace, const store::Filter& filter) {
  std::vector<diagnose::Finding> findings;
  auto summary =
      model::load_summary(trace.reader, filter, [&](model::SummaryBuilder& also) -> Status {
        auto found = diagnose::diagnose(trace.reader, filter, &also);
        if (!found) return found.error();
        findings = std::move(*found);
        return {};
      });
  if (!summary) return std::nullopt;
  return Diagnosed{std::move(*summary), std::move(findings)};
}

void draw_report(const Trace& trace) {
  if (const auto all = diagnose_trace(trace, {}))
    require_harmless(render::text_report(all->summary, all->findings, trace.style),
                     "the report is harmless");
}

void draw_json_report(const Trace& trace) {
  if (const auto all = diagnose_trace(trace, {}))
    require_json(render::json_report(all->summary, all->findings));
}

void draw_findings(const Trace& trace) {
  const auto all = diagnose_trace(trace, {});
  if (!all) return;
  const render::FindingFacts facts{trace.facts, trace.processes, {}, {}};
  for (const diagnose::Finding& finding : all->findings) {
    require_harmless(
        render::finding_page(finding, diagnose::find_entry(finding.rule), facts, trace.style),
        "explain is harmless");
  }
}

void draw_rows(const Trace& trace) {
  const render::TextRows rows(trace.processes, render::WallClock(trace.facts), trace.style);
  std::string text;
  (void)trace.reader.connections({}, [&](const store::ConnectionRow& row) {
    rows.append(text, row);
    return text.size() < 100'000;
  });
  require_harmless(text, "connections is harmless");
}

void draw_json_rows(const Trace& trace) {
  std::string json;
  (void)trace.reader.connections({}, [&](const store::ConnectionRow& row) {
    render::append_json_row(json, row);
    return json.size() < 200'000;
  });
  if (!json.empty()) require_json(json);
}

void draw_waterfall(const Trace& trace) {
  render::WorstRows worst(10);
  (void)trace.reader.connections({}, [&](const store::ConnectionRow& row) {
    worst.add(row);
    return true;
  });
  const render::WaterfallFacts facts{trace.facts, trace.processes, {}, worst.seen()};
  require_harmless(render::waterfall(worst.take(), facts, trace.style),
                   "the waterfall is harmless");
}

void draw_connections(const Trace& trace) {
  std::vector<store::ConnectionRow> some;
  (void)trace.reader.connections({}, [&](const store::ConnectionRow& row) {
    some.push_back(row);
    return some.size() < 4;
  });
  for (const store::ConnectionRow& row : some) {
    render::ConnectionFacts page{trace.facts, row, {}, {}, {}};
    if (const auto waits = trace.reader.waits(row.id)) page.waits = *waits;
    if (!trace.processes.empty()) page.process = trace.processes.front();
    (void)trace.reader.resolutions([&](const store::ResolutionRow& lookup) {
      page.lookup = lookup;
      return false;
    });
    require_harmless(render::connection_page(page, trace.style), "show is harmless");
  }
}

// What is asked for in part of the rows.
void draw_filtered_report(const Trace& trace) {
  store::Filter filter;
  filter.destination = ":80";
  filter.outcome = "refused,timed_out_caller,reset";
  filter.since_ns = 1;
  if (const auto some = diagnose_trace(trace, filter)) {
    require_harmless(render::text_report(some->summary, some->findings, trace.style),
                     "the report of a filter is harmless");
  }
}

constexpr std::array<void (*)(const Trace&), 8> kPages = {
    draw_report,    draw_json_report, draw_findings,    draw_rows,
    draw_json_rows, draw_waterfall,   draw_connections, draw_filtered_report};

void view(const std::string& path, std::uint8_t how) {
  auto reader = store::Reader::open(path);
  if (!reader) return require(!reader.error().message.empty(), "a refusal has words");
  if (how >= 192 && !reader->redact()) return;
  auto facts = reader->trace();
  auto processes = reader->processes();
  if (!facts || !processes) return;
  Trace trace{*reader, std::move(*facts), std::move(*processes), {}};
  trace.style.file = "\x1b[1mfile";
  kPages[how / 8 % kPages.size()](trace);
}

void run(Input input) {
  static const ScratchDirectory directory;
  static const ScratchFile file(directory / "trace");
  const auto how = input.take<std::uint8_t>();
  file.hold(any_trace(input, how));
  view(file.path(), how);
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
