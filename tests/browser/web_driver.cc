// SPDX-License-Identifier: Apache-2.0
#include "web_driver.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace hepar {
namespace {

// Decoder of our own: the library has an encoder only.
std::string from_base64(const std::string& text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 255);
  }
  return bytes;
}

// The port in "ChromeDriver was started successfully on port 12345."
int port_from(std::FILE* output) {
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), output) != nullptr) {
    const std::string text = line.data(), before = "started successfully on port ";
    const std::size_t at = text.find(before);
    if (at != std::string::npos) return std::atoi(text.c_str() + at + before.size());
  }
  throw std::runtime_error("chromedriver names no port");
}

}  // namespace

WebDriver::WebDriver(std::filesystem::path profile) : profile_(std::move(profile)) {
  std::filesystem::remove_all(profile_);
  std::filesystem::create_directories(profile_);
  try {
    start_driver();
    start_session();
  } catch (...) {
    stop();
    throw;
  }
}

WebDriver::~WebDriver() { stop(); }

void WebDriver::stop() noexcept {
  try {
    if (!session_.empty()) request("DELETE", session_);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the browser did not end by itself: %s\n", error.what());
  }
  if (driver_ > 0) {
    kill(driver_, SIGKILL);
    waitpid(driver_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(profile_, ignored);
}

void WebDriver::start_driver() {
  std::array<int, 2> pipe_ends{};
  if (pipe(pipe_ends.data()) != 0) throw std::runtime_error("no pipe");
  driver_ = fork();
  if (driver_ < 0) throw std::runtime_error("no process for chromedriver");
  if (driver_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(pipe_ends[1], STDOUT_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    execl(HEPAR_CHROMEDRIVER, HEPAR_CHROMEDRIVER, "--port=0", nullptr);
    _exit(127);
  }
  close(pipe_ends[1]);
  // Left open: chromedriver may write more.
  std::FILE* output = fdopen(pipe_ends[0], "r");
  client_ = std::make_unique<httplib::Client>("127.0.0.1", port_from(output));
  client_->set_read_timeout(60);
}

void WebDriver::start_session() {
  // Over a pipe, so that the browser ends when chromedriver does.
  const Json arguments = {"--headless=new",
                          "--remote-debugging-pipe",
                          "--no-sandbox",
                          "--disable-gpu",
                          "--disable-dev-shm-usage",
                          "--disable-background-networking",
                          "--disable-component-update",
                          "--disable-sync",
                          "--no-first-run",
                          "--hide-scrollbars",
                          "--user-data-dir=" + profile_.string()};
  const Json options = {{"binary", HEPAR_CHROMIUM}, {"args", arguments}};
  const Json wanted = {{"goog:chromeOptions", options},
                       {"goog:loggingPrefs", {{"browser", "ALL"}, {"performance", "ALL"}}}};
  const Json session = request("POST", "/session", {{"capabilities", {{"alwaysMatch", wanted}}}});
  session_ = "/session/" + session.at("sessionId").get<std::string>();
}

WebDriver::Json WebDriver::request(const char* method, const std::string& path, const Json& body) {
  httplib::Request request;
  request.method = method;
  request.path = path;
  if (!body.is_null()) {
    request.body = body.dump();
    request.set_header("Content-Type", "application/json");
  }
  const httplib::Result result = client_->send(request);
  if (!result) throw std::runtime_error(fmt::format("{}: {}", path, httplib::to_string(result.error())));
  Json value = Json::parse(result->body).at("value");
  if (result->status != 200) throw std::runtime_error(fmt::format("{}: {}", path, value.dump()));
  return value;
}

WebDriver::Json WebDriver::devtools(const std::string& name, const Json& parameters) {
  return command("/goog/cdp/execute", {{"cmd", name}, {"params", parameters}});
}

void WebDriver::open(const std::filesystem::path& page, const std::string& fragment) {
  command("/url", {{"url", "file://" + page.string() + fragment}});
}

WebDriver::Json WebDriver::run(const std::string& script) {
  return command("/execute/sync", {{"script", script}, {"args", Json::array()}});
}

void WebDriver::type(const std::string& keys) {
  const Json element = request("GET", session_ + "/element/active");
  command("/element/" + element.begin().value().get<std::string>() + "/value", {{"text", keys}});
}

void WebDriver::click(const std::string& selector) {
  const Json element = command("/element", {{"using", "css selector"}, {"value", selector}});
  command("/element/" + element.begin().value().get<std::string>() + "/click", Json::object());
}

void WebDriver::set_size(int width, int height) {
  devtools("Emulation.setDeviceMetricsOverride",
           {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", false}});
}

void WebDriver::prefer_dark(bool dark) {
  const Json feature = {{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}};
  devtools("Emulation.setEmulatedMedia", {{"features", {feature}}});
}

void WebDriver::disable_scripts(bool disabled) {
  devtools("Emulation.setScriptExecutionDisabled", {{"value", disabled}});
}

std::string WebDriver::screenshot_png() { return from_base64(request("GET", session_ + "/screenshot")); }

std::string WebDriver::printed_pdf() {
  return from_base64(devtools("Page.printToPDF", {{"preferCSSPageSize", true}}).at("data"));
}

std::vector<WebDriver::Json> WebDriver::log(const std::string& type) {
  return command("/se/log", {{"type", type}});
}

}  // namespace hepar
