#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class DamagedFile : public StoreTest {};

// Reads everything there is; must end with rows or errors, never with a crash.
void read_all(const std::string& path) {
  const Result<Reader> reader = Reader::open(path);
  if (!reader) {
    EXPECT_NE(reader.error().message, "");
    return;
  }
  (void)reader->trace();
  (void)reader->processes();
  (void)reader->losses();
  (void)reader->connections({}, [](const ConnectionRow&) { return true; });
  (void)reader->connection(7);
  (void)reader->resolutions([](const ResolutionRow&) { return true; });
  (void)reader->waits(7);
  Filter filter;
  filter.destination = "10.0:443";
  filter.exe = "x";
  filter.outcome = "odd";
  filter.min_connect_ns = 1;
  (void)reader->connections(filter, [](const ConnectionRow&) { return true; });
}

TEST_F(DamagedFile, Missing) {
  const Error error = read_error("none.swt");
  EXPECT_THAT(error.message, HasSubstr("No such file or directory"));
  EXPECT_THAT(error.hint, HasSubstr("sockwatch record"));
  EXPECT_FALSE(exists(path("none.swt")));
}

TEST_F(DamagedFile, NotAFile) {
  std::filesystem::create_directory(path("directory"));
  EXPECT_THAT(read_error("directory").message, HasSubstr("is a directory"));
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(read_error("pipe").message, HasSubstr("is a pipe"));  // and does not wait for it
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("socket").c_str(), sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(read_error("socket").message, HasSubstr("is a socket"));
  close(fd);
  ASSERT_EQ(symlink("/dev/zero", path("zero").c_str()), 0);
  EXPECT_THAT(read_error("zero").message, HasSubstr("is a device"));
  ASSERT_EQ(symlink("loop", path("loop").c_str()), 0);
  EXPECT_THAT(read_error("loop").message, HasSubstr("Too many levels of symbolic links"));
}

TEST_F(DamagedFile, EmptyFile) {
  write_file(path(), "");
  const Error error = read_error();
  EXPECT_THAT(error.message, HasSubstr("is empty"));
  EXPECT_NE(error.hint, "");
}

TEST_F(DamagedFile, PermissionDenied) {
  record(1);
  chmod(directory().c_str(), 0755);
  const std::string said = in_killed_child([&] {
    if (geteuid() == 0 ? seteuid(65534) != 0 : chmod(path().c_str(), 0) != 0) {
      return std::string("cannot lose the permission");
    }
    const Result<Reader> reader = Reader::open(path());
    if (reader) return std::string("it was opened");
    return reader.error().message + "; " + reader.error().hint;
  });
  EXPECT_THAT(said, testing::AllOf(HasSubstr("Permission denied"), HasSubstr("the user who")));
}

TEST_F(DamagedFile, SomethingElse) {
  write_file(path("text"), std::string(5000, 'x'));
  write_file(path("short"), "x");
  write_file(path("magic"), std::string("SQLite format 3\0", 16));
  run_sql(path("other.db"), "CREATE TABLE connection (id INTEGER PRIMARY KEY)");
  for (const char* name : {"text", "short", "magic", "other.db"}) {
    const Error error = read_error(name);
    EXPECT_THAT(error.message, HasSubstr("is not a sockwatch trace")) << name;
    EXPECT_THAT(error.hint, HasSubstr("file '")) << name;
  }
}

TEST_F(DamagedFile, NewerSchema) {
  record(1);
  run_sql(path(), "PRAGMA user_version = 7");
  const Error error = read_error();
  EXPECT_THAT(error.message,
              testing::AllOf(HasSubstr("schema version 7"),
                             HasSubstr(fmt::format("versions up to {}", kSchemaVersion)),
                             HasSubstr("newer")));
  EXPECT_THAT(error.hint, HasSubstr("install"));
}

TEST_F(DamagedFile, NoSchemaVersion) {
  record(1);
  for (const char* version : {"0", "-1"}) {
    run_sql(path(), std::string("PRAGMA user_version = ") + version);
    EXPECT_THAT(read_error().message, HasSubstr("no schema version"));
  }
}

TEST_F(DamagedFile, CutShort) {
  record(2000);
  const std::string whole = read_file(path());
  for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{4096}}) {
    write_file(path("cut.swt"), whole.substr(0, size));
    const Error error = read_error("cut.swt");
    EXPECT_THAT(error.message, HasSubstr("truncated or damaged")) << size;
    EXPECT_THAT(error.hint, HasSubstr("save what is left")) << size;
  }
  for (std::size_t size = 1; size < 6000; size += 37) {
    write_file(path("cut.swt"), whole.substr(0, size));
    const Error error = read_error("cut.swt");
    EXPECT_THAT(error.message, AnyOf(HasSubstr("damaged"), HasSubstr("not a sockwatch trace")));
  }
}

TEST_F(DamagedFile, TheAdviceSavesWhatIsLeft) {
  if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "no sqlite3 here";
  record(2000);
  const std::string name = "it's cut.swt";
  write_file(path(name), read_file(path()).substr(0, 40 * 4096));
  const std::string hint = read_error(name).hint;
  const std::string command = hint.substr(hint.find('('));
  ASSERT_EQ(std::system(fmt::format("cd '{}' && {} 2>/dev/null", directory(), command).c_str()), 0)
      << command;
  const Result<Reader> saved = Reader::open(path("saved.swt"));
  ASSERT_TRUE(ok(saved));
  EXPECT_GT(ids(*saved).size(), 100U);
  EXPECT_LT(ids(*saved).size(), 2000U);
}

// Bytes turned at random, always the same ones. Whatever comes out, nothing crashes and no
// sanitizer has anything to say.
TEST_F(DamagedFile, BytesTurned) {
  record(400);
  const std::string whole = read_file(path());
  std::mt19937 random(20240101);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    const std::size_t reach = round % 3 == 0 ? 8192 : bytes.size();
    const int turned = 1 + static_cast<int>(random() % 40);
    for (int i = 0; i < turned; ++i) {
      bytes[random() % std::min(reach, bytes.size())] = static_cast<char>(random());
    }
    write_file(path("turned.swt"), bytes);
    read_all(path("turned.swt"));
  }
}

TEST_F(DamagedFile, LogTurned) {
  ASSERT_EQ(in_killed_child([&] {
              Writer& writer = undying_writer();
              for (std::int64_t id = 1; id <= 200; ++id) (void)writer.put(connection_row(id));
              return message_of(writer.commit());
            }),
            "");
  const std::string whole = read_file(path());
  const std::string log = read_file(path("trace.swt-wal"));
  ASSERT_GT(log.size(), 4096U);
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::string bytes = log;
    for (int i = 0; i < 20; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    write_file(path("turned.swt"), whole);
    write_file(path("turned.swt-wal"), bytes);
    unlink(path("turned.swt-shm").c_str());
    read_all(path("turned.swt"));
  }
}

}  // namespace
}  // namespace sockwatch::store
