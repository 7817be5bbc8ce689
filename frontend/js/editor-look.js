// How the editor looks: the page's own custom properties, which reach into the shadow root.
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const tokens = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--tok-keyword)" },
  { tag: [tags.standard(tags.name), tags.function(tags.name)], color: "var(--tok-function)" },
  { tag: tags.typeName, color: "var(--tok-type)" },
  { tag: tags.string, color: "var(--tok-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--tok-number)" },
  { tag: tags.comment, color: "var(--tok-comment)", fontStyle: "italic" },
]);

export const look = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--color-base-content)", backgroundColor: "var(--color-base-100)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.6", maxHeight: "30rem", overflow: "auto" },
  ".cm-content, .cm-gutter": { minHeight: "11rem" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--color-base-content)" },
  ".cm-cursor": { borderLeftColor: "var(--color-base-content)" },
  ".cm-gutters": { backgroundColor: "var(--color-base-200)", color: "var(--tok-comment)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklab, var(--color-base-content) 4%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--color-primary) 22%, transparent)",
  },
  ".cm-placeholder": { color: "var(--tok-comment)" },
  ".cm-tooltip": {
    backgroundColor: "var(--color-base-100)", color: "var(--color-base-content)", border: "1px solid var(--color-base-300)",
    borderRadius: "7px", boxShadow: "0 8px 24px oklch(0% 0 0 / 0.14)", fontFamily: "var(--font-sans)", overflow: "hidden",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--color-primary)", color: "var(--color-primary-content)" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--ink-bad)", padding: "6px 10px" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--ink-bad)",
    textUnderlineOffset: "3px",
    backgroundColor: "color-mix(in oklab, var(--ink-bad) 12%, transparent)",
  },
});
