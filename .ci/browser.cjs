// The pages and pictures that the program writes, in headless Chromium: no error, no violation of the page's policy, no
// request to anywhere; searching, filtering, folding and links work; texts lie inside their boxes, and no two boxes overlap.
//
// Usage: NODE_PATH=… node browser.cjs PROGRAM CHROMIUM [FOLDER FOR SCREENSHOTS]

const { execFileSync } = require("node:child_process");
const { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join, resolve } = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const [program, browserPath, shots] = process.argv.slice(2);
const scripts = resolve(__dirname, "..", "scripts");
const work = mkdtempSync(join(tmpdir(), "hzscript-browser-"));

const check = (condition, what) => {
  if (!condition) throw new Error(`FAILED: ${what}`);
  console.log(`ok: ${what}`);
};
const hzscript = (...words) => execFileSync(program, words, { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const HOSTILE = `
logs_log_group("hostile", #{ tags: [#{ key: "k", value: "</script><img src=x onerror=alert(1)>" }] });
`;

function write() {
  const script = join(work, "hazelcast.rhai");
  writeFileSync(script, readFileSync(join(scripts, "hazelcast.rhai"), "utf8") + HOSTILE);
  hzscript("plan", script, "--html", "new.html");
  hzscript("run", script, "--yes");
  const changed = readFileSync(script, "utf8").replace('"10.0.0.0/16"', '"10.1.0.0/16"').replace("5701);", "5702);").replace(HOSTILE, "");
  writeFileSync(script, changed);
  hzscript("plan", script, "--set", "desiredCount=5", "--html", "changed.html");
  for (const [name, ...more] of [["graph"], ["network", "--network"]]) {
    hzscript("graph", script, ...more, "--out", `${name}.svg`);
    hzscript("graph", script, ...more, "--out", `${name}.html`);
  }
  for (const name of ["named_services", "orientdb", "management_center"]) {
    hzscript("graph", join(scripts, `${name}.rhai`), "--network", "--out", `${name}-network.svg`);
    hzscript("graph", join(scripts, `${name}.rhai`), "--out", `${name}-graph.svg`);
  }
}

// In the page: what of a picture is not where it should be.
function misplaced() {
  const wrong = [];
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const boxes = [];
    for (const node of svg.querySelectorAll(".hz-n[data-id]")) {
      const box = node.querySelector(".hz-box").getBBox();
      boxes.push([node.dataset.id, box]);
      for (const text of node.querySelectorAll("text")) {
        const at = text.getBBox();
        if (at.x < box.x || at.y < box.y || at.x + at.width > box.x + box.width + 0.5 || at.y + at.height > box.y + box.height + 1) {
          wrong.push(`${text.textContent} is not inside ${node.dataset.id}`);
        }
      }
    }
    boxes.forEach(([one, a], at) => {
      for (const [other, b] of boxes.slice(at + 1)) {
        if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) wrong.push(`${one} overlaps ${other}`);
      }
    });
    if (boxes.length === 0) wrong.push("a picture without boxes");
  }
  return wrong;
}

async function main() {
  write();
  const context = await chromium.launchPersistentContext(join(work, "profile"), {
    executablePath: browserPath,
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => { if (message.type() !== "log") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith("file:")) complaints.push(`a request to ${request.url()}`); });
  page.on("dialog", (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  const open = async (name) => {
    await page.goto(pathToFileURL(join(work, name)).href);
    const wrong = await page.evaluate(misplaced);
    check(wrong.length === 0, `${name}: texts are in their boxes, which do not overlap ${wrong.slice(0, 5).join("; ")}`);
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}.png`) });
    }
  };

  for (const name of ["graph.svg", "network.svg", "named_services-network.svg", "named_services-graph.svg", "orientdb-network.svg", "orientdb-graph.svg", "management_center-network.svg", "management_center-graph.svg"]) await open(name);

  for (const name of ["graph.html", "network.html"]) {
    await open(name);
    await page.fill("#search", "hazelcast");
    check((await page.locator(".found").count()) > 0 && (await page.locator(".lost").count()) > 0, `${name}: searching finds some and not all`);
    const before = await page.getAttribute(".view svg", "viewBox");
    await page.click("button[data-zoom=in]");
    check(before !== (await page.getAttribute(".view svg", "viewBox")), `${name}: it is made larger`);
  }

  await open("new.html");
  check((await page.locator("img").count()) === 0, "a hostile text stays a text");
  await open("changed.html");
  const shown = () => page.locator("details.change:visible").count();
  const all = await shown();
  check(all > 3, "the page shows changes");
  await page.keyboard.press("/");
  await page.keyboard.type("desiredCount");
  const some = await shown();
  check(some > 0 && some < all, "searching shows what has the word");
  await page.keyboard.press("Escape");
  check((await shown()) === all, "and all again");
  await page.click("button[data-filter=replace]");
  check((await shown()) === (await page.locator("details.m-replace").count()), "filtering shows one action");
  await page.click("button[data-filter=replace]");
  await page.click("button[data-fold=close]");
  check((await page.locator("details.change[open]:visible").count()) === 0, "all is folded");
  await page.click("button[data-fold=open]");
  check((await page.locator("details.change[open]:visible").count()) === all, "and unfolded");
  await page.click("button[data-fold=close]");
  await page.locator("#graph-ecs_service\\.hazelcast-service").scrollIntoViewIfNeeded();
  await page.click("#graph-ecs_service\\.hazelcast-service .hz-box");
  check(await page.locator("details[id='change-ecs_service.hazelcast-service']").evaluate((change) => change.open), "a box leads to its change");
  if (shots) {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(pathToFileURL(join(work, "changed.html")).href);
    await page.screenshot({ path: join(shots, "changed-dark.png"), fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
    await page.screenshot({ path: join(shots, "changed-full.png"), fullPage: true });
  }
  check(complaints.length === 0, `no errors, no violations, no requests ${complaints.slice(0, 5).join("; ")}`);
  await context.close();
}

main().then(() => rmSync(work, { recursive: true, force: true }), (error) => {
  console.error(error.message);
  process.exit(1);
});
