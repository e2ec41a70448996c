// Rich text: the editor of django-prose-editor, loaded where there is one to write in.

let loaded;

const settings = document.querySelector("[data-prose-editor]");

export async function write(textarea, address) {
  const pe = await (loaded ??= import(address));
  const field = textarea.closest("[data-field]")?.querySelector("label > span") ?? document.querySelector(`label[for="${textarea.id}"]`);
  const editor = pe.createTextareaEditor(textarea, [
    pe.Document, pe.Paragraph, pe.Text, pe.HardBreak, pe.Bold, pe.Italic, pe.BulletList, pe.OrderedList, pe.ListItem,
    pe.Heading.configure({ levels: [3, 4] }), pe.Link.configure({ enableTarget: false }), pe.History, pe.Menu, pe.NoSpellCheck,
  ].filter(Boolean));
  const box = editor.view.dom;
  box.setAttribute("role", "textbox");
  box.setAttribute("aria-multiline", "true");
  box.setAttribute("aria-label", field?.textContent.trim() || "Text");
  for (const button of editor.view.dom.parentElement.querySelectorAll(".prose-menubar__button")) name(button);
  return editor;
}

// Its buttons show a picture, or one sign; who hears the page needs a word.
function name(button) {
  if (!button.getAttribute("aria-label")) button.setAttribute("aria-label", button.title || button.dataset.name || button.textContent.trim().replaceAll("_", " ") || "Format");
  button.tabIndex = 0;
  button.setAttribute("role", "button");
}

if (settings) for (const textarea of document.querySelectorAll("[data-prose]")) write(textarea, settings.dataset.proseEditor);
