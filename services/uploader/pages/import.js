"use strict";
// One import, live: where the link of a mail leads. The API key stays in this tab's session storage.

const ja = (navigator.language || "").startsWith("ja");
const say = (japanese, english) => ja ? japanese : english;
document.documentElement.lang = ja ? "ja" : "en";

const $ = id => document.getElementById(id);
const path = "/v1/imports/" + encodeURIComponent(location.pathname.split("/").pop());
const states = {
  created: say("ファイル待ち", "waiting for its file"), uploaded: say("開始待ち", "uploaded"), queued: say("順番待ち", "queued"),
  running: say("実行中", "running"), paused: say("一時停止中", "paused"), completed: say("完了", "completed"), failed: say("エラー", "failed"), cancelled: say("中止", "cancelled"),
};
const looks = {completed: "good", failed: "bad", cancelled: "bad"};
const final = state => ["completed", "failed", "cancelled"].includes(state);
const number = n => n.toLocaleString(ja ? "ja-JP" : "en-US");
const time = t => t ? new Date(t).toLocaleString(ja ? "ja-JP" : "en-US") : "";
const counts = [
  ["total", say("トータル件数", "Total")], ["created", say("新規登録", "Created")], ["updated", say("更新", "Updated")],
  ["unchanged", say("変更なし", "Unchanged")], ["deleted", say("削除", "Deleted")], ["skipped", say("スキップ", "Skipped")],
  ["failed", say("失敗件数", "Failed")], ["not_processed", say("未処理", "Not processed")],
  ["removed", say("ファイルになく削除した会員", "Removed, not in the file")], ["unified", say("会員に統合したリード", "Leads unified")],
  ["protected", say("配信停止を維持した項目", "Opt-outs kept")], ["tagged", say("インポートタグを付けた会員", "Given the import tag")],
];

const key = () => sessionStorage.getItem("meibo-key") || "";
const call = async (target, accept) => {
  const r = await fetch(target, {headers: {Authorization: "Bearer " + key(), Accept: accept || "application/json", "Accept-Language": ja ? "ja" : "en"}, cache: "no-store"});
  if (r.ok) return r;
  const p = await r.json().catch(() => ({}));
  throw Object.assign(new Error(p.detail || r.statusText), {status: r.status});
};

const cells = (label, value) => {
  const row = document.createElement("tr");
  const a = document.createElement("td"), b = document.createElement("td");
  a.textContent = label; b.textContent = value; b.className = "number";
  row.append(a, b);
  return row;
};

let shownFailures = -1;
const show = i => {
  $("login").hidden = true; $("view").hidden = false;
  document.title = i.file_name + " – " + states[i.state];
  $("file").textContent = i.file_name;
  $("state").textContent = states[i.state];
  $("state").className = "pill " + (looks[i.state] || "wait");
  $("about").textContent = [
    i.dry_run && say("ドライラン（データは変更しません）", "dry run: nothing is written"), say("リスト ", "List ") + i.list, i.user,
    i.started_at && say("開始 ", "started ") + time(i.started_at), i.finished_at && say("完了 ", "ended ") + time(i.finished_at),
  ].filter(Boolean).join(" · ");
  $("reason").hidden = !i.error;
  $("reason").textContent = i.error ? i.error.detail : "";
  $("progress").hidden = i.state !== "running" && i.state !== "paused";
  if (i.total > 0) $("progress").value = (i.total - i.not_processed) / i.total;
  $("counts").replaceChildren(...counts.filter(([k]) => i[k] > 0 || ["total", "created", "updated", "failed"].includes(k)).map(([k, label]) => cells(label, number(i[k]))));
  $("notes").hidden = !i.warnings.length;
  $("notes").textContent = i.warnings.map(w => w.detail).join(" ");
  $("failures").hidden = i.failed === 0;
  if (i.failed !== shownFailures && i.failed > 0 && (final(i.state) || shownFailures < 0)) {
    shownFailures = i.failed;
    showFailures().catch(() => { shownFailures = -1; });
  }
};

const showFailures = async () => {
  const f = await (await call(path + "/failures")).json();
  $("failures-title").textContent = say("失敗した行の理由", "Why rows failed");
  $("failure-counts").replaceChildren(...f.counts.map(c => cells(c.reason, number(c.rows) + say(" 行", ""))));
};

const formats = {
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  csv: "text/csv",
};
const download = async (format, button) => {
  button.disabled = true;
  try {
    const blob = await (await call(path + "/failures." + format, formats[format])).blob();
    const a = document.createElement("a");
    a.href = URL.createObjectURL(blob);
    a.download = $("file").textContent.replace(/\.[^.]*$/, "") + "_failures." + format;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60000);
  } catch (err) {
    $("note").textContent = err.message;
  } finally {
    button.disabled = false;
  }
};

// follow reads the events until the import has ended or the stream breaks off.
const follow = async () => {
  const reader = (await call(path + "/events", "text/event-stream")).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", state = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return state;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const data = text.slice(0, end).split("\n").filter(l => l.startsWith("data: ")).map(l => l.slice(6)).join("\n");
      if (data) { const i = JSON.parse(data); state = i.state; show(i); }
    }
  }
};

const ask = message => {
  sessionStorage.removeItem("meibo-key");
  $("login").hidden = false; $("view").hidden = true;
  $("login-error").hidden = !message;
  $("login-error").textContent = message || "";
  $("key").focus();
};

const watch = async () => {
  for (let pause = 500; ; pause = Math.min(pause * 2, 10000)) {
    try {
      $("note").textContent = "";
      show(await (await call(path)).json());
      if (final(await follow())) { show(await (await call(path)).json()); return; }
      pause = 500;
    } catch (err) {
      if (err.status === 401) return ask(say("このAPIキーは使用できません。", "This API key is not valid."));
      if (err.status >= 400 && err.status < 500) { $("login").hidden = true; $("view").hidden = false; $("note").textContent = err.message; return; }
      $("note").textContent = say("サーバーに接続できません。再接続しています…", "The server cannot be reached. Trying again…");
    }
    await new Promise(done => setTimeout(done, pause));
  }
};

$("login-text").textContent = say("インポートの結果を表示するには、APIキーを入力してください。", "Please enter your API key to see this import.");
$("login-label").textContent = say("APIキー（このタブを閉じるまで保存されます）", "API key (kept until this tab is closed)");
$("login-button").textContent = say("表示する", "Show");
$("download-title").textContent = say("失敗した行をダウンロード：", "Download failed rows:");
for (const [format, name] of [["xlsx", "Excel"], ["csv", "CSV"]]) {
  const button = $("download-" + format);
  button.textContent = name;
  button.addEventListener("click", () => download(format, button));
}
$("login").addEventListener("submit", e => {
  e.preventDefault();
  sessionStorage.setItem("meibo-key", $("key").value.trim());
  $("key").value = "";
  watch();
});
if (key()) watch(); else ask();
