// What the collector reads from its run directory besides segments: launch notes, and the notes of
// an earlier collector. Any process of the same user can write there, with checksums that are
// right.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>

#include "collector/connect/tracker.h"
#include "collector/drain/decode.h"
#include "collector/drain/journal.h"
#include "collector/drain/launch_notes.h"
#include "collector/drain/logbook.h"
#include "collector/support/archive.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch_directory.h"

namespace sockwatch::fuzz {
namespace {

const ScratchDirectory& run_directory() {
  static const ScratchDirectory directory;
  return directory;
}

int directory_fd() {
  static const int fd = ::open(run_directory().path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd;
}

void launch_notes(Input& input) {
  std::ofstream(run_directory() / drain::kNotesFile, std::ios::binary) << input.rest();
  const auto notes = drain::read_notes(run_directory().path());
  require(notes || !notes.error().message.empty(), "a refusal has words");
}

void journal_of_any_bytes(Input& input) {
  std::ofstream(run_directory() / "journal.1", std::ios::binary) << input.rest();
  (void)drain::read_journal(directory_fd(), "journal.1", 1,
                            [](drain::RecordKind, std::string_view) { return true; });
}

// Well-formed files, written as the collector writes them; what is in them is not.
void logbook(Input& input) {
  {
    auto snapshot = drain::JournalWriter::create(directory_fd(), "snapshot.3", 3);
    snapshot.append(drain::RecordKind::snapshot, input.text(input.below(200)));
    auto journal = drain::JournalWriter::create(directory_fd(), "journal.3", 3);
    while (!input.empty()) {
      journal.append(static_cast<drain::RecordKind>(input.below(8)), input.text(input.below(120)));
    }
  }
  drain::Logbook book(directory_fd());
  const auto left = book.find_left();
  if (left && left->has_value()) {
    book.replay(**left, [](drain::RecordKind kind, std::string_view bytes) {
      drain::NotedEvents events;
      return kind != drain::RecordKind::events || drain::parse_events(bytes, events);
    });
  }
  book.remove_all();
}

void noted_events(Input& input) {
  drain::NotedEvents events;
  const std::string bytes = input.rest();
  if (!drain::parse_events(bytes, events)) return;
  for (const auto& ring : events.rings) {
    require(ring.ring < wire::kSlotCount, "a ring is one of the segment's");
    for (std::size_t at = 0; at < ring.events.size();) {
      const std::size_t slots = 1 + std::size_t{ring.events[at].continuation_slots};
      require(at + slots <= ring.events.size(), "whole publications were noted");
      (void)drain::decode(std::span(ring.events).subspan(at, slots));
      at += slots;
    }
  }
}

// What a machine knew, with bytes written over.
void tracker_state(Input& input) {
  connect::Ids ids;
  connect::Tracker before(1, ids);
  connect::Observation event;
  event.op = wire::Op::connect;
  event.tid = 1;
  event.result = -1;
  event.error = 115;
  event.peer = connect::Address{"ipv4", "10.0.0.1", 80};
  event.payload.endpoint = {7, 2, 1, 6, 0};
  for (event.fd = 3; event.fd < 6; ++event.fd) {
    event.t_ns += 1000;
    before.apply(event);
  }
  (void)before.take();
  std::string bytes;
  Keep keep(bytes);
  before.keep(keep);
  for (int edit = 0; edit < 8 && !input.empty(); ++edit) {
    const std::size_t at = input.take<std::uint16_t>() % bytes.size();
    const std::string over = input.text(1 + input.below(8));
    bytes.replace(at, std::min(over.size(), bytes.size() - at), over.substr(0, bytes.size() - at));
  }
  if (input.below(4) == 1) bytes.resize(input.take<std::uint16_t>() % (bytes.size() + 1));
  connect::Tracker after(1, ids);
  Restore restore(bytes);
  after.restore(restore, true);
  if (!restore.good()) return;
  // Times in it may be any: what is computed with them later is wrong for the one who forged them.
  // Here it is about what points to what.
  (void)after.take();
  std::string again;
  Keep keep_again(again);
  after.keep(keep_again);
  connect::Tracker once_more(1, ids);
  Restore restore_again(again);
  once_more.restore(restore_again, true);
  require(restore_again.good(), "what could be read can be written");
}

void run(Input input) {
  require(::chmod(run_directory().path().c_str(), 0700) == 0, "the directory is private");
  switch (input.below(5)) {
    case 0:
      return launch_notes(input);
    case 1:
      return journal_of_any_bytes(input);
    case 2:
      return logbook(input);
    case 3:
      return noted_events(input);
    default:
      return tracker_state(input);
  }
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
