// Opens a page in a headless Chromium, and prints as JSON what is wrong there.
//   NODE_PATH=... node browser.cjs '{"chromium", "profile", "page", "axe",
//   "width", "scheme", "picture"}'
const { chromium } = require("playwright-core");

const job = JSON.parse(process.argv[2]);

async function main() {
  const context = await chromium.launchPersistentContext(job.profile, {
    executablePath: job.chromium,
    colorScheme: job.scheme,
    viewport: { width: job.width, height: 1600 },
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--force-color-profile=srgb",
    ],
  });
  try {
    const page = await context.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => problems.push(message.text()));
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(job.page);
    if (job.picture) await page.screenshot({ path: job.picture });
    const epochs = () =>
      page.$$eval(".flipbook figure", (figures) =>
        figures.map((figure) => getComputedStyle(figure).display !== "none"),
      );
    const shown = [await epochs()];
    if (shown[0].length) {
      await page.focus(".flipbook input:checked");
      await page.keyboard.press("ArrowLeft");
      shown.push(await epochs());
    }
    const [overflow, broken] = await page.evaluate(() => [
      document.documentElement.scrollWidth - window.innerWidth,
      [...document.images].filter((image) => !image.naturalWidth).length,
    ]);
    // What is folded away is looked at too.
    await page.$$eval("details", (all) => all.forEach((x) => (x.open = true)));
    await page.addScriptTag({ path: job.axe });
    const { violations, passes } = await page.evaluate(() => axe.run());
    console.log(
      JSON.stringify({
        problems,
        shown,
        overflow,
        broken,
        asked: asked.filter((url) => !url.startsWith("data:")),
        passes: passes.map((rule) => rule.id),
        violations: violations.map(
          (rule) => `${rule.id}: ${rule.nodes.map((node) => node.html)}`,
        ),
      }),
    );
  } finally {
    await context.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
