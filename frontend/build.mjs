// Builds static/jstore (or the folder given as the first argument) from frontend/: one stylesheet, two scripts, fonts, icons.
// The output depends on the locked packages and the sources only, so a test can rebuild it and compare bytes.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { icons } from "./icons.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const modules = join(root, "node_modules");
const out = resolve(process.argv[2] ?? join(root, "static", "jstore"));

const fonts = {
  "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  "mono.woff2": "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
};
const licensed = [
  "@codemirror/autocomplete", "@codemirror/commands", "@codemirror/lang-sql", "@codemirror/language", "@codemirror/lint",
  "@codemirror/state", "@codemirror/view", "@fontsource-variable/inter", "@fontsource-variable/jetbrains-mono",
  "@lezer/common", "@lezer/highlight", "@lezer/lr", "crelt", "daisyui", "lucide-static", "style-mod", "tailwindcss",
  "w3c-keyname",
];

function scripts() {
  return build({
    entryPoints: { app: join(here, "js/app.js"), editor: join(here, "js/editor.js") },
    outdir: out,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: root,
  });
}

function styles() {
  const cli = join(modules, "@tailwindcss/cli/dist/index.mjs");
  const args = [cli, "--input", join(here, "css/app.css"), "--output", join(out, "app.css"), "--minify"];
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

// One sprite of the icons in use; each keeps the 24 × 24 box and takes its colour from the text around it.
function sprite() {
  const symbols = icons.map((name) => {
    const svg = readFileSync(join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
    const inner = svg.replace(/<!--.*?-->/gs, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, "")}</symbol>`;
  });
  writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`);
}

function licences() {
  const parts = licensed.map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    const text = readFileSync(join(modules, name, "LICENSE"), "utf8").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  writeFileSync(join(out, "LICENSES.txt"), parts.join(`\n${"-".repeat(80)}\n\n`));
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await scripts();
styles();
sprite();
for (const [name, source] of Object.entries(fonts)) copyFileSync(join(modules, source), join(out, name));
copyFileSync(join(here, "logo.svg"), join(out, "logo.svg"));
licences();
