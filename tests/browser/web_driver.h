// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace httplib {
class Client;
}

namespace hepar {

// A chromedriver on a free port with one headless Chromium. Both end with this object, and also when this
// process dies. Protocol: W3C WebDriver (https://www.w3.org/TR/webdriver2/) with Chromium's extensions.
class WebDriver {
 public:
  using Json = nlohmann::json;

  // `profile` is a folder for the browser's own files; it is emptied first and removed at the end.
  explicit WebDriver(std::filesystem::path profile);
  ~WebDriver();
  WebDriver(const WebDriver&) = delete;
  WebDriver& operator=(const WebDriver&) = delete;

  void open(const std::filesystem::path& page, const std::string& fragment = "");
  // The value that the JavaScript returns.
  Json run(const std::string& script);
  // Types into the element that has the focus. Keys beyond text: section 17.4.2 of the protocol.
  void type(const std::string& keys);
  void click(const std::string& selector);
  void set_size(int width, int height);
  void prefer_dark(bool dark);
  std::string screenshot_png();
  // On the paper that the page asks for.
  std::string printed_pdf();
  // Runs none of the pages' own scripts from the next page on; run() still works.
  void disable_scripts(bool disabled);
  // Messages since the last call. Type "browser" (console) or "performance" (events of the protocol
  // DevTools).
  std::vector<Json> log(const std::string& type);

 private:
  void stop() noexcept;
  void start_driver();
  void start_session();
  Json request(const char* method, const std::string& path, const Json& body = nullptr);
  Json command(const std::string& path, const Json& body) { return request("POST", session_ + path, body); }
  Json devtools(const std::string& name, const Json& parameters);

  std::filesystem::path profile_;
  pid_t driver_ = -1;
  std::unique_ptr<httplib::Client> client_;
  std::string session_;  // "/session/ID"
};

}  // namespace hepar
