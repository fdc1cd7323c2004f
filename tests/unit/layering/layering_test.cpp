#include "tests/unit/layering/layering.h"

#include <gmock/gmock.h>

#include <fstream>

namespace sockwatch::layering {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Layering, TheTreeKeepsItsDirections) {
  const Checked checked = check_tree(SOCKWATCH_SOURCE_ROOT);
  EXPECT_GT(checked.files, 30U) << "looked in the wrong place: " << SOCKWATCH_SOURCE_ROOT;
  EXPECT_THAT(checked.violations, IsEmpty());
}

// The rules themselves: what they forbid and what they let pass.
TEST(Layering, TheViewerReadsTheStoreOnly) {
  EXPECT_THAT(check_text("viewer/model/a.cpp", "#include \"collector/store/reader.h\"\n"),
              IsEmpty());
  for (const char* wrong : {"collector/drain/collect.h", "collector/connect/tracker.h",
                            "shim/wire/event.h", "shim/thread.h", "viewer/launch/child.h"}) {
    const auto found =
        check_text("viewer/cli/report.cpp", std::string("#include \"") + wrong + "\"");
    EXPECT_THAT(found, ElementsAre(HasSubstr(wrong)));
  }
}

TEST(Layering, DiagnosesAreMadeWithoutKnowingHowTheyAreShown) {
  EXPECT_THAT(check_text("viewer/diagnose/a.cpp",
                         "#include \"viewer/model/words.h\"\n"
                         "#include \"collector/store/rows.h\"\n"),
              IsEmpty());
  EXPECT_THAT(check_text("viewer/diagnose/a.cpp", "#include \"viewer/render/format.h\"\n"),
              SizeIs(1));
  EXPECT_THAT(check_text("viewer/render/a.cpp", "#include \"viewer/diagnose/finding.h\"\n"),
              IsEmpty());
}

TEST(Layering, LaunchingCommandsMayUseTheCollector) {
  for (const char* file : {"viewer/cli/run.cpp", "viewer/cli/record.h", "viewer/cli/collect.cpp",
                           "viewer/cli/check.cpp", "viewer/launch/recording.cpp"}) {
    EXPECT_THAT(check_text(file,
                           "#include \"collector/drain/collect.h\"\n"
                           "#include \"collector/store/writer.h\"\n"),
                IsEmpty());
    EXPECT_THAT(check_text(file, "#include \"shim/thread.h\"\n"), SizeIs(1));
  }
  EXPECT_THAT(check_text("viewer/cli/runner.cpp", "#include \"collector/drain/collect.h\"\n"),
              SizeIs(1));
}

TEST(Layering, TheStoreKnowsNoRings) {
  for (const char* wrong : {"shim/wire/ring.h", "collector/drain/merge.h",
                            "collector/connect/tracker.h", "viewer/model/names.h"}) {
    EXPECT_THAT(check_text("collector/store/a.cpp", std::string("#include <") + wrong + ">\n"),
                SizeIs(1))
        << wrong;
  }
}

TEST(Layering, TheStateMachineKnowsRowsButNoDatabase) {
  EXPECT_THAT(check_text("collector/connect/a.h",
                         "#include \"collector/store/rows.h\"\n"
                         "#include \"shim/wire/event.h\"\n"),
              IsEmpty());
  EXPECT_THAT(check_text("collector/connect/a.h",
                         "#include \"collector/store/writer.h\"\n"
                         "#include \"collector/drain/merge.h\"\n"),
              SizeIs(2));
}

TEST(Layering, TheLibraryInsideTheTargetKnowsNothingToItsRight) {
  EXPECT_THAT(check_text("shim/hooks/a.cpp", "#include \"shim/wire/event.h\"\n#include <poll.h>\n"),
              IsEmpty());
  EXPECT_THAT(check_text("shim/hooks/a.cpp", "#include \"collector/support/result.h\"\n"),
              SizeIs(1));
  EXPECT_THAT(check_text("shim/wire/a.h", "#include \"shim/thread.h\"\n"), SizeIs(1));
}

TEST(Layering, APlaceIsNamedByFileAndLine) {
  EXPECT_THAT(check_text("collector/store/a.cpp", "#pragma once\n\n  #  include \"viewer/a.h\"\n"),
              ElementsAre(HasSubstr("collector/store/a.cpp:3: ")));
}

TEST(Layering, RelativeNamesWouldEscapeTheRules) {
  EXPECT_THAT(check_text("viewer/model/a.cpp", "#include \"../launch/child.h\"\n"), SizeIs(1));
  EXPECT_THAT(check_text("viewer/model/a.cpp", "#include \"names.h\"\n"), SizeIs(1));
  EXPECT_THAT(check_text("collector/new_part/a.cpp", ""), SizeIs(1));
}

TEST(Layering, AWrongFileInATreeIsFound) {
  const auto root = std::filesystem::path(testing::TempDir()) / "layering_tree";
  for (const char* folder : {"shim", "collector/store", "viewer"}) {
    std::filesystem::create_directories(root / folder);
  }
  std::ofstream{root / "collector/store/bad.cpp"} << "#include \"shim/wire/ring.h\"\n";
  const Checked checked = check_tree(root);
  std::filesystem::remove_all(root);
  EXPECT_EQ(checked.files, 1U);
  EXPECT_THAT(checked.violations, ElementsAre(HasSubstr("collector/store/bad.cpp:1: ")));
}

}  // namespace
}  // namespace sockwatch::layering
