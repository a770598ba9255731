// Fills in the page of an export in a headless Chromium, and prints as JSON
// what it shows, and the numbers that it drew.
//   NODE_PATH=... node browser.cjs '{"chromium", "profile", "url", "fields",
//   "picture", "draw"}'
const { chromium } = require("playwright-core");

const job = JSON.parse(process.argv[2]);

async function main() {
  const context = await chromium.launchPersistentContext(job.profile, {
    executablePath: job.chromium,
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
    const failed = new Promise((_, reject) => page.on("pageerror", reject));
    failed.catch(() => {});
    await page.goto(job.url);
    for (const [id, value] of Object.entries(job.fields)) {
      if (id === "signature") {
        await page.selectOption("#signature", value);
      } else {
        await page.fill(`#${id}`, value);
      }
    }
    if (job.picture) await page.setInputFiles("#picture", job.picture);
    await page.click("button");
    // An untouched canvas is 300 wide.
    const shown = page.waitForFunction(() => {
      const { tagName, width, textContent } = document.getElementById("output");
      return tagName === "CANVAS" ? width !== 300 : textContent !== "";
    });
    await Promise.race([shown, failed]);
    const result = await page.evaluate(async (draw) => {
      const output = document.getElementById("output");
      const result = { text: output.textContent };
      if (output.tagName === "CANVAS") {
        const { width, height } = output;
        const context = output.getContext("2d");
        const { data } = context.getImageData(0, 0, width, height);
        result.shape = [height, width, 4];
        result.pixels = Array.from(data);
      }
      if (draw) {
        const module = await import(draw.module);
        result.drawn = Array.from(module.drawNormal(draw.seed, draw.size));
      }
      return result;
    }, job.draw);
    console.log(JSON.stringify(result));
  } finally {
    await context.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
