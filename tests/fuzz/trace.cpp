// A trace that anybody may have made: opened, summed up, diagnosed and drawn as the viewer does.
//
// The first byte says how it is made (trace_inputs.h), and whether what is drawn is redacted.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "collector/store/reader.h"
#include "collector/support/clean_text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch_directory.h"
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

void draw_connections(const store::Reader& reader, const std::map<std::string, std::string>& trace,
                      const std::vector<store::ProcessRow>& processes,
                      const render::TextStyle& style) {
  const render::TextRows rows(processes, render::WallClock(trace), style);
  std::string text;
  std::string json;
  render::WaterfallFacts facts{trace, processes, {}, 0};
  render::WorstRows worst(10);
  std::vector<store::ConnectionRow> some;
  (void)reader.connections({}, [&](const store::ConnectionRow& row) {
    rows.append(text, row);
    render::append_json_row(json, row);
    worst.add(row);
    if (some.size() < 4) some.push_back(row);
    return text.size() < 100'000;
  });
  require_harmless(text, "connections is harmless");
  if (!json.empty()) require_json(json);
  facts.seen = worst.seen();
  require_harmless(render::waterfall(worst.take(), facts, style), "the waterfall is harmless");
  for (const store::ConnectionRow& row : some) {
    render::ConnectionFacts page{trace, row, {}, {}, {}};
    if (const auto waits = reader.waits(row.id)) page.waits = *waits;
    if (!processes.empty()) page.process = processes.front();
    (void)reader.resolutions([&](const store::ResolutionRow& lookup) {
      page.lookup = lookup;
      return false;
    });
    require_harmless(render::connection_page(page, style), "show is harmless");
  }
}

void draw_findings(const std::vector<diagnose::Finding>& findings,
                   const std::map<std::string, std::string>& trace,
                   const std::vector<store::ProcessRow>& processes,
                   const render::TextStyle& style) {
  for (const diagnose::Finding& finding : findings) {
    const render::FindingFacts facts{trace, processes, {}, {}};
    require_harmless(
        render::finding_page(finding, diagnose::find_entry(finding.rule), facts, style),
        "explain is harmless");
  }
}

void view(const std::string& path, bool redact) {
  auto reader = store::Reader::open(path);
  if (!reader) return require(!reader.error().message.empty(), "a refusal has words");
  if (redact && !reader->redact()) return;
  const auto trace = reader->trace();
  const auto processes = reader->processes();
  if (!trace || !processes) return;
  render::TextStyle style;
  style.file = "\x1b[1mfile";
  std::vector<diagnose::Finding> findings;
  const auto summary = model::load_summary(*reader, {}, [&](model::SummaryBuilder& also) -> Status {
    auto found = diagnose::diagnose(*reader, {}, &also);
    if (!found) return found.error();
    findings = std::move(*found);
    return {};
  });
  if (summary) {
    require_harmless(render::text_report(*summary, findings, style), "the report is harmless");
    require_json(render::json_report(*summary, findings));
    draw_findings(findings, *trace, *processes, style);
  }
  draw_connections(*reader, *trace, *processes, style);
}

void run(Input input) {
  static const ScratchDirectory directory;
  static const std::string path = directory / "trace";
  const auto how = input.take<std::uint8_t>();
  std::ofstream(path, std::ios::binary) << any_trace(input, how);
  view(path, how >= 192);
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
