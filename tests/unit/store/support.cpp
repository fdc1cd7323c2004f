#include "tests/unit/store/support.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace sockwatch::store {

StoreTest::StoreTest() {
  std::string name = testing::TempDir() + "/sockwatch-store-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    ADD_FAILURE() << "no temporary directory in " << testing::TempDir();
  }
  directory_ = std::filesystem::canonical(name);
}

StoreTest::~StoreTest() {
  chmod(directory_.c_str(), 0700);
  std::filesystem::remove_all(directory_);
}

Writer StoreTest::writer(OpenMode mode, const std::string& name) const {
  Result<Writer> opened = Writer::open(path(name), mode);
  if (!opened) {
    ADD_FAILURE() << opened.error().message;
    std::abort();
  }
  return std::move(*opened);
}

void StoreTest::record(std::int64_t rows, const std::string& name) const {
  Writer trace = writer(OpenMode::create, name);
  for (std::int64_t id = 1; id <= rows; ++id) ASSERT_TRUE(ok(trace.put(connection_row(id))));
  ASSERT_TRUE(ok(trace.finish()));
}

Error StoreTest::read_error(const std::string& name) const {
  const Result<Reader> reader = Reader::open(path(name));
  if (!reader) return reader.error();
  ADD_FAILURE() << name << " was accepted";
  return {};
}

ConnectionRow connection_row(std::int64_t id) {
  ConnectionRow row;
  row.id = id;
  row.process_id = 1;
  row.tid = 100;
  row.fd = 5;
  row.family = "ipv4";
  row.protocol = "tcp";
  row.peer_address = "10.0.0.1";
  row.peer_port = 443;
  row.started_ns = id * 1000;
  row.outcome = "connected";
  return row;
}

namespace {

struct CloseHandle {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};

std::unique_ptr<sqlite3, CloseHandle> plain_open(const std::string& path) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  return std::unique_ptr<sqlite3, CloseHandle>(handle);
}

}  // namespace

void run_sql(const std::string& path, const std::string& sql) {
  const auto handle = plain_open(path);
  EXPECT_EQ(sqlite3_exec(handle.get(), sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle.get()) << "\n  in " << sql;
}

std::string ask_sql(const std::string& path, const std::string& sql) {
  const auto handle = plain_open(path);
  std::string answer;
  const auto take = [](void* target, int columns, char** cells, char**) {
    if (columns > 0 && cells[0] != nullptr) *static_cast<std::string*>(target) = cells[0];
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(handle.get(), sql.c_str(), take, &answer, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle.get()) << "\n  in " << sql;
  return answer;
}

std::vector<std::int64_t> ids(const Reader& reader, const Filter& filter) {
  std::vector<std::int64_t> found;
  EXPECT_TRUE(ok(reader.connections(filter, [&](const ConnectionRow& row) {
    found.push_back(row.id);
    return true;
  })));
  return found;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  EXPECT_TRUE(file.flush().good()) << path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool exists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

std::string in_killed_child(const std::function<std::string()>& body) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child < 0) return "no child";
  if (child == 0) {
    close(ends[0]);
    const std::string said = body();
    const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = read(ends[0], buffer.data(), buffer.size())) > 0) {
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return "the child crashed: " + said;
  return said;
}

}  // namespace sockwatch::store
