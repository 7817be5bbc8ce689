// Turns <textarea data-sql> into a SQL editor. The textarea stays the form's field; without this script it is used as it is.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql } from "@codemirror/lang-sql";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { look, tokens } from "./editor-look.js";
import { Spark } from "./spark-sql.js";

// The server's errors, written into the page as <li data-line data-column>message</li>, become marks in the text.
function diagnostics(state, list) {
  return [...list.querySelectorAll("[data-line]")].map((item) => {
    const line = state.doc.line(Math.min(Math.max(Number(item.dataset.line), 1), state.doc.lines));
    const from = Math.min(line.from + Math.max(Number(item.dataset.column) - 1, 0), line.to);
    const word = state.wordAt(from);
    const to = word && word.to > from ? word.to : Math.min(from + 1, line.to);
    return { from: Math.min(from, to), to, severity: "error", message: item.dataset.message ?? item.textContent.trim() };
  });
}

// Typing over a selection is done here and not by the browser, which would write the old text's look into style attributes,
// and these the page's policy refuses.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (event.inputType !== "insertText" || event.isComposing || empty || event.data == null) return false;
    const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    const handled = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, event.data, insert));
    if (!handled) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

function mount(area) {
  // In a shadow root the editor brings its styles as constructed sheets, which a strict style-src allows.
  const host = document.createElement("div");
  host.className = "sql-host";
  const root = host.attachShadow({ mode: "open" });
  area.after(host);
  area.hidden = true;

  const label = document.querySelector(`label[for="${area.id}"]`);
  const report = document.querySelector(area.dataset.report);
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(), history(), drawSelection(), highlightSpecialChars(), highlightActiveLine(), indentOnInput(),
        bracketMatching(), closeBrackets(), autocompletion(), lintGutter(), EditorState.tabSize.of(2),
        sql({ dialect: Spark, upperCaseKeywords: true, schema: { input_data: (area.dataset.columns ?? "").split(",").filter(Boolean) } }),
        syntaxHighlighting(tokens), look, placeholder(area.placeholder), EditorView.lineWrapping, typeOver,
        EditorView.contentAttributes.of({ "aria-label": label?.textContent.trim() ?? "SQL", "data-gramm": "false" }),
        // Tab is left to the browser: the keyboard must be able to leave the field.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          area.value = update.state.doc.toString();
          area.dispatchEvent(new Event("input", { bubbles: true }));
        }),
      ],
    }),
  });
  label?.addEventListener("click", () => view.focus());

  const show = () => {
    const found = report ? diagnostics(view.state, report) : [];
    host.setAttribute("aria-invalid", String(found.length > 0));
    view.dispatch(setDiagnostics(view.state, found));
  };
  if (report) new MutationObserver(show).observe(report, { childList: true, subtree: true });
  show();
}

for (const area of document.querySelectorAll("textarea[data-sql]")) mount(area);
