// SPDX-License-Identifier: Apache-2.0
// A report in a real browser: no error, no request, and all that the page offers works. The pictures in the
// folder HEPAR_BROWSER_OUTPUT are for people to look at.
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>

#include "hepar/core/file.h"
#include "hepar/report/document.h"
#include "sample_report.h"
#include "web_driver.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = WebDriver::Json;

// Keys as the protocol names them, U+E012, U+E014, U+E00C.
constexpr const char* kArrowLeft = "\xEE\x80\x92";
constexpr const char* kArrowRight = "\xEE\x80\x94";
constexpr const char* kEscape = "\xEE\x80\x8C";

fs::path output() { return HEPAR_BROWSER_OUTPUT; }

class ReportPage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    fs::create_directories(output());
    write_report(page(), sample_report());
    shared_browser = std::make_unique<WebDriver>(output() / "profile");
  }
  static void TearDownTestSuite() { shared_browser.reset(); }
  void SetUp() override {
    ASSERT_NE(shared_browser, nullptr);
    shared_browser->prefer_dark(false);
    shared_browser->set_size(1280, 900);
    shared_browser->log("browser");
    shared_browser->log("performance");
    shared_browser->open(page());
  }

  static fs::path page() { return output() / "report.html"; }
  static WebDriver& browser() { return *shared_browser; }
  static void save_screenshot(const std::string& name) {
    write_text_file(output() / name, shared_browser->screenshot_png());
  }
  static std::string text(const std::string& script) {
    return shared_browser->run(script).get<std::string>();
  }
  static bool holds(const std::string& script) { return shared_browser->run("return " + script).get<bool>(); }
  static std::vector<std::string> console() {
    std::vector<std::string> messages;
    for (const Json& entry : shared_browser->log("browser")) messages.push_back(entry.at("message"));
    return messages;
  }

 private:
  static std::unique_ptr<WebDriver> shared_browser;
};

std::unique_ptr<WebDriver> ReportPage::shared_browser;

TEST_F(ReportPage, LoadsWithoutAnErrorAndAsksForNothing) {
  EXPECT_THAT(console(), IsEmpty());
  std::vector<std::string> files;
  for (const Json& entry : browser().log("performance")) {
    const Json event = Json::parse(entry.at("message").get<std::string>()).at("message");
    if (event.at("method") != "Network.requestWillBeSent") continue;
    const std::string url = event.at("params").at("request").at("url");
    if (!url.starts_with("data:")) files.push_back(url);
  }
  EXPECT_THAT(files, testing::ElementsAre("file://" + page().string()));
  save_screenshot("light.png");
}

TEST_F(ReportPage, ThePolicyStopsWhatIsNotItsOwn) {
  browser().run(R"js(
    const script = document.createElement('script');
    script.textContent = 'window.broken = true';
    document.body.append(script);
    document.body.setAttribute('style', 'margin: 99px');
    document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}));)js");
  EXPECT_TRUE(holds("window.broken === undefined"));
  EXPECT_EQ(text("return getComputedStyle(document.body).marginTop"), "0px");
  const std::vector<std::string> messages = console();
  for (const std::string directive : {"script-src", "style-src", "img-src"}) {
    EXPECT_THAT(messages, Contains(HasSubstr(directive)));
  }
}

TEST_F(ReportPage, TheSliderChangesPictureOutlinesAndLabel) {
  const std::string state = R"js(
    const view = document.querySelector('#case-1-2 .view');
    return [view.querySelector('image').getAttribute('href'), view.querySelector('path.cyst').getAttribute('d'),
            view.querySelector('path.filtered').getAttribute('d'), view.querySelector('figcaption').textContent])js";
  const Json third = browser().run(state);
  EXPECT_EQ(third[3], "z 20.5 mm, slice 3 of 5 from the feet");
  browser().run("document.querySelector('#case-1-2 input').focus()");
  browser().type(kArrowRight);
  const Json fourth = browser().run(state);
  EXPECT_EQ(fourth[3], "z 25.5 mm, slice 4 of 5 from the feet");
  for (const std::size_t part : {0, 1, 2}) EXPECT_NE(fourth[part], third[part]);
  EXPECT_EQ(text("return document.activeElement.getAttribute('aria-valuetext')"), fourth[3]);
  browser().type(kArrowRight);
  const Json fifth = browser().run(state);
  EXPECT_EQ(fifth[1], "");  // the cyst ends before
  EXPECT_NE(fifth[2], "");
  browser().type(std::string(kArrowLeft) + kArrowLeft);
  EXPECT_EQ(browser().run(state), third);
  EXPECT_EQ(text("return document.querySelector('#case-1-1 figcaption').textContent"), third[3]);
}

TEST_F(ReportPage, ThePictureShownIsTheOneOfTheLabel) {
  // The centre of a lesion's outline keeps its place in the frame, and the picture really draws: it has a
  // size.
  browser().run("document.querySelector('#case-1-1 input').focus()");
  browser().type(kArrowRight);
  const std::string href = text("return document.querySelector('#case-1-1 image').getAttribute('href')");
  // Slice 4 of the sample has a liver of 80 sqrt(1 - (1/3)^2) = 75.42 pixels.
  EXPECT_THAT(text("return atob('" + href.substr(href.find(',') + 1) + "')"), HasSubstr("rx=\"75.42"));
  // 22 mm x 1.2 of 240 x 1.2 mm across: the outline's box in the picture, to a pixel of the screen.
  EXPECT_TRUE(holds(R"js((() => {
    const picture = document.querySelector('#case-1-1 .ct').getBoundingClientRect();
    const outline = document.querySelector('#case-1-1 path.filtered').getBoundingClientRect();
    const scale = picture.width / 240, middle = (outline.left + outline.right) / 2 - picture.left;
    return Math.abs(middle - 70 * scale) < 1 && Math.abs(picture.height - 180 * scale) < 1;
  })())js"));
}

TEST_F(ReportPage, BoxesAndDigitsHideOutlinesEverywhere) {
  const std::string shown =
      "[...document.querySelectorAll('.ct .filtered')].map((p) => getComputedStyle(p).display)";
  EXPECT_TRUE(holds(shown + ".every((display) => display === 'inline')"));
  browser().click("#show-filtered");
  EXPECT_TRUE(holds(shown + ".every((display) => display === 'none')"));
  EXPECT_TRUE(holds("getComputedStyle(document.querySelector('.ct .tumour')).display === 'inline'"));
  browser().type("4");
  EXPECT_TRUE(holds(shown + ".every((display) => display === 'inline')"));
  browser().type("1");
  EXPECT_FALSE(holds("document.getElementById('show-liver').checked"));
}

TEST_F(ReportPage, KeysGoFromCaseToCase) {
  const std::string heading = "return document.activeElement.textContent";
  browser().type("n");
  EXPECT_EQ(text(heading), "round_a");
  browser().type("j");
  EXPECT_EQ(text(heading), "empty_b");
  browser().type("n");
  EXPECT_EQ(text(heading), "round_c");
  browser().type("p");
  EXPECT_EQ(text(heading), "empty_b");
  browser().type("k");
  EXPECT_EQ(text(heading), "round_a");
  save_screenshot("case.png");
}

TEST_F(ReportPage, TheHelpOpensAndCloses) {
  browser().type("?");
  EXPECT_TRUE(holds("document.getElementById('help').open"));
  save_screenshot("help.png");
  browser().type("n");  // does nothing meanwhile
  EXPECT_EQ(text("return document.activeElement.id"), "help-close");
  browser().type(kEscape);
  EXPECT_FALSE(holds("document.getElementById('help').open"));
}

TEST_F(ReportPage, DarkByTheSystemOrTheButton) {
  const std::string page_colour = "return getComputedStyle(document.body).backgroundColor";
  const std::string light = text(page_colour);
  EXPECT_EQ(light, "rgb(255, 255, 255)");
  browser().click("#theme");
  const std::string dark = text(page_colour);
  EXPECT_NE(dark, light);
  save_screenshot("dark.png");
  browser().click("#theme");
  EXPECT_EQ(text(page_colour), light);
  browser().prefer_dark(true);
  browser().open(page());
  EXPECT_EQ(text(page_colour), dark);
  browser().click("#theme");
  EXPECT_EQ(text(page_colour), light);
}

TEST_F(ReportPage, EnlargesASlice) {
  const std::string width = "return document.querySelector('#case-1-1 .ct').getBoundingClientRect().width";
  const double before = browser().run(width).get<double>();
  browser().click("#case-1-1 .enlarge");
  EXPECT_GT(browser().run(width).get<double>(), 1.5 * before);
  EXPECT_EQ(text("return document.querySelector('#case-1-1 .enlarge').ariaPressed"), "true");
}

TEST_F(ReportPage, SortsTheCases) {
  const std::string names =
      "return [...document.querySelectorAll('#cases > .wide tbody th')].map((th) => th.textContent)";
  EXPECT_EQ(browser().run(names), Json({"round_a", "empty_b", "round_c"}));
  browser().click("#cases > .wide thead th:nth-child(6) button");  // doubtful: 0, 0, 1
  browser().click("#cases > .wide thead th:nth-child(6) button");
  EXPECT_EQ(browser().run(names)[0], "round_c");
  browser().click("#cases > .wide thead th:first-child button");
  EXPECT_EQ(browser().run(names), Json({"empty_b", "round_a", "round_c"}));
  EXPECT_EQ(text("return document.querySelector('#cases > .wide thead th').ariaSort"), "ascending");
}

TEST_F(ReportPage, FitsAPhone) {
  browser().set_size(360, 740);
  EXPECT_EQ(browser().run("return document.documentElement.scrollWidth"), 360);
  // What is wider scrolls in its own box.
  EXPECT_TRUE(
      holds("[...document.querySelectorAll('.wide')].some((box) => box.scrollWidth > box.clientWidth)"));
  save_screenshot("narrow.png");
  browser().run("document.getElementById('case-3-1').scrollIntoView()");
  save_screenshot("narrow_lesion.png");
}

TEST_F(ReportPage, PrintsOnPagesOfA4) {
  const std::string pdf = browser().printed_pdf();
  write_text_file(output() / "report.pdf", pdf);
  std::size_t pages = 0;
  for (std::size_t at = 0; (at = pdf.find("/Type /Page\n", at)) != std::string::npos; ++at) ++pages;
  EXPECT_THAT(pages, Gt(2U));
  EXPECT_NE(pdf.find("/MediaBox [0 0 59"), std::string::npos);  // 210 mm are 595 points, up to rounding
}

TEST_F(ReportPage, ReadsWithoutItsScript) {
  browser().disable_scripts(true);
  browser().open(page());
  EXPECT_TRUE(holds("!document.documentElement.classList.contains('scripted')"));
  EXPECT_TRUE(holds("getComputedStyle(document.querySelector('.view .js')).display === 'none'"));
  EXPECT_TRUE(holds("document.querySelector('.ct').getBoundingClientRect().height > 100"));
  browser().click("#show-liver");
  EXPECT_TRUE(holds("getComputedStyle(document.querySelector('.ct .liver')).display === 'none'"));
  browser().disable_scripts(false);
}

TEST_F(ReportPage, NamesEveryControlAndPicture) {
  EXPECT_TRUE(holds(
      R"js([...document.querySelectorAll('button')].every((b) => b.ariaLabel || b.textContent.trim()))js"));
  EXPECT_TRUE(
      holds(R"js([...document.querySelectorAll('input')].every((i) => i.ariaLabel || i.labels.length))js"));
  EXPECT_TRUE(holds(R"js([...document.querySelectorAll('svg[role=img]')].every(
    (s) => s.ariaLabel || document.getElementById(s.getAttribute('aria-labelledby')).textContent))js"));
  // No level of heading is left out on the way down.
  EXPECT_TRUE(holds(R"js([...document.querySelectorAll('h1, h2, h3, h4')].map((h) => +h.tagName[1]).every(
    (level, n, all) => n === 0 ? level === 1 : level <= all[n - 1] + 1))js"));
}

}  // namespace
}  // namespace hepar
