//! Chromium, driven as a person drives it: real keys and real clicks, by the DevTools protocol over two pipes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// One browser with one page.
pub(crate) struct Chromium {
    browser: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    calls: u64,
    session: Option<String>,
    /// Every address that it asked for, the pages that it was sent to included.
    pub(crate) asked_for: Vec<String>,
}

impl Chromium {
    /// Starts one with its profile in this folder.
    pub(crate) fn start(folder: &Path) -> Chromium {
        // It reads commands from descriptor 3 and answers on 4, as strings that end with a zero byte.
        let mut browser = Command::new("sh")
            .args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic"])
            .args(["--disable-background-networking", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (browser.stdin.take().unwrap(), BufReader::new(browser.stdout.take().unwrap()));
        let mut started = Chromium { browser, to, from, calls: 0, session: None, asked_for: Vec::new() };
        let target = started.call("Target.createTarget", json!({"url": "about:blank"}));
        let page = json!({"targetId": target["targetId"], "flatten": true});
        let attached = started.call("Target.attachToTarget", page);
        started.session = attached["sessionId"].as_str().map(str::to_owned);
        started.call("Network.enable", json!({}));
        started.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
        started
    }

    /// Calls a method and gives its result; what else comes in meanwhile is passed over, but for what was asked for.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{call}\0").as_bytes()).unwrap();
        loop {
            let mut message = Vec::new();
            let length = self.from.read_until(0, &mut message).unwrap();
            assert!(length > 0, "{method}: the browser has gone");
            message.pop();
            let message: Value = serde_json::from_slice(&message).unwrap();
            if message["method"] == "Network.requestWillBeSent" {
                self.asked_for.extend(message["params"]["request"]["url"].as_str().map(str::to_owned));
            }
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// Shows a file on a screen of this width, in light or dark.
    pub(crate) fn open(&mut self, file: &Path, width: u32, dark: bool) {
        let screen = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
        self.call("Page.navigate", json!({"url": format!("file://{}", file.display())}));
        self.wait_for("location.protocol === 'file:' && document.readyState === 'complete'");
    }

    /// The value of an expression in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        let result = self.call("Runtime.evaluate", params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let began = Instant::now();
        while self.evaluate(expression) != true {
            assert!(began.elapsed() < Duration::from_secs(30), "never: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses a key: `Tab`, `Enter` or `Space`.
    pub(crate) fn press(&mut self, key: &str) {
        let (key, code, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            "Space" => (" ", 32, " "),
            _ => panic!("{key}: no such key here"),
        };
        let event = |kind: &str, text: &str| json!({"type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text});
        self.call(
            "Input.dispatchKeyEvent",
            event(if text.is_empty() { "rawKeyDown" } else { "keyDown" }, text),
        );
        self.call("Input.dispatchKeyEvent", event("keyUp", ""));
    }

    /// Clicks with the mouse where the element that an expression gives is drawn.
    pub(crate) fn click(&mut self, element: &str) {
        let place = self.evaluate(&format!(
            "{{ const element = {element}; element.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const box = element.getClientRects()[0]; ({{ x: box.x + box.width / 2, y: box.y + box.height / 2 }}) }}"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It may have gone already, which is all that is wanted.
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
