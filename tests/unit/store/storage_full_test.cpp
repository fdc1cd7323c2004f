#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sched.h>
#include <csignal>
#include <fstream>

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::HasSubstr;

class StorageFull : public StoreTest {};

struct Filled {
  std::int64_t committed = 0;  // connections in commits that succeeded
  Error error;                 // of the commit that did not
};

// Batches of 100 rows, each with its position, until one does not fit.
Filled fill(Writer& writer) {
  Filled result;
  for (std::int64_t batch = 0; batch < 1000; ++batch) {
    for (std::int64_t i = 1; i <= 100; ++i) {
      ConnectionRow row = connection_row(result.committed + i);
      row.peer_name = std::string(200, 'x');
      (void)writer.put(row);
    }
    (void)writer.put(PositionRow{"segment", 0, result.committed + 100});
    if (Status status = writer.commit(); !status) {
      result.error = status.error();
      return result;
    }
    result.committed += 100;
  }
  return result;
}

// "" if the trace has exactly what the good commits stored.
std::string check(const std::string& path, std::int64_t committed) {
  const Result<Reader> reader = Reader::open(path);
  if (!reader) return reader.error().message;
  std::int64_t rows = 0;
  const Status status = reader->connections({}, [&](const ConnectionRow&) {
    ++rows;
    return true;
  });
  if (!status) return status.error().message;
  if (rows != committed) {
    return fmt::format("{} rows are stored of {} committed", rows, committed);
  }
  return "";
}

TEST_F(StorageFull, FileSizeLimit) {
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  Writer writer = this->writer();
  rlimit small = before;
  small.rlim_cur = 300'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Filled filled = fill(writer);
  const std::string unchanged = check(path(), filled.committed);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, previous);

  EXPECT_GT(filled.committed, 0);
  EXPECT_THAT(filled.error.message, HasSubstr("File too large"));
  EXPECT_THAT(filled.error.hint, HasSubstr("make room"));
  EXPECT_EQ(unchanged, "");
  EXPECT_EQ(writer.positions()->at(0).sequence, filled.committed);
  // Room again: the batch is put again and nothing is missing or doubled.
  for (std::int64_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(ok(writer.put(connection_row(filled.committed + i))));
  }
  ASSERT_TRUE(ok(writer.finish()));
  EXPECT_EQ(check(path(), filled.committed + 100), "");
}

// The whole test in a child, in a mount namespace of its own.
TEST_F(StorageFull, NoSpaceLeft) {
  const std::string said = in_killed_child([&]() -> std::string {
    const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    if (unshare(spaces) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", directory().c_str(), "tmpfs", 0, "size=1m") != 0) {
      return "skip";
    }
    Result<Writer> writer = Writer::open(path(), OpenMode::create);
    if (!writer) return writer.error().message;
    const Filled filled = fill(*writer);
    if (filled.committed == 0) return "nothing was stored";
    if (filled.error.message.find("No space left on device") == std::string::npos) {
      return "unexpected error: " + filled.error.message;
    }
    if (std::string wrong = check(path(), filled.committed); !wrong.empty()) return wrong;
    if (writer->positions()->at(0).sequence != filled.committed) return "positions ran ahead";
    // Nor may the end of the recording break what is there.
    const bool finished = static_cast<bool>(writer->finish());
    if (std::string wrong = check(path(), filled.committed); !wrong.empty()) {
      return (finished ? "after finish: " : "after a failed finish: ") + wrong;
    }
    if (finished) return "";
    if (mount("tmpfs", directory().c_str(), "tmpfs", MS_REMOUNT, "size=8m") != 0) return "skip";
    if (Status status = writer->finish(); !status) return status.error().message;
    return check(path(), filled.committed);
  });
  if (said == "skip") GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  EXPECT_EQ(said, "");
}

// Not one byte is left, and still the trace can say that something is missing.
TEST_F(StorageFull, TheLastWordsFit) {
  const std::string said = in_killed_child([&]() -> std::string {
    const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    if (unshare(spaces) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", directory().c_str(), "tmpfs", 0, "size=1m") != 0) {
      return "skip";
    }
    Result<Writer> writer = Writer::open(path(), OpenMode::create);
    if (!writer) return writer.error().message;
    for (std::string more(512, 'x'); !more.empty();) {
      std::ofstream rest(path("rest"), std::ios::app);
      if (!rest.write(more.data(), 512).flush()) more.clear();
    }
    const auto last_words = [&] {
      (void)writer->put(LossRow{std::nullopt, "not_stored", 41});
      return writer->commit();
    };
    if (last_words()) return "there was room all the time";
    writer->make_last_room();
    if (Status status = last_words(); !status) return status.error().message;
    const Result<Reader> reader = Reader::open(path());
    if (!reader) return reader.error().message;
    const auto losses = reader->losses();
    if (!losses || losses->size() != 1 || losses->front().count != 41) return "no loss is told";
    return "";
  });
  if (said == "skip") GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  EXPECT_EQ(said, "");
}

TEST_F(StorageFull, NoRoomToBegin) {
  const std::string said = in_killed_child([&]() -> std::string {
    const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    if (unshare(spaces) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", directory().c_str(), "tmpfs", 0, "size=16k") != 0) {
      return "skip";
    }
    const Result<Writer> writer = Writer::open(path(), OpenMode::create);
    if (writer) return "it was opened";
    if (exists(path())) return "a file was left";
    return writer.error().message;
  });
  if (said == "skip") GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  EXPECT_THAT(said, HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace sockwatch::store
