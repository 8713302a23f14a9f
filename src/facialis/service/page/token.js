// The token that a guarded server asks for: asked once, kept for this tab.
import { button, el, newId } from "./dom.js";

/** Ask for the token in a dialog. Resolves with it, or with null where the person would rather not. */
export function askToken(say, wrong) {
  return new Promise((resolve) => {
    const back = document.activeElement;
    const input = el("input", { type: "password", id: newId("token"), autocomplete: "off", required: true, "aria-describedby": "token-note" });
    const form = el("form", { method: "dialog" }, el("h2", { text: say("page.app.token.title") }),
      el("p", { id: "token-note", text: say(wrong ? "page.app.token.wrong" : "page.app.token.note") }),
      el("label", { class: "field", for: input.id }, say("page.app.token.label"), input),
      el("div", { class: "tools" }, el("button", { type: "submit", class: "main", text: say("page.app.token.send") }), button(say("page.app.cancel"), () => dialog.close())));
    const dialog = el("dialog", { class: "dialog", "aria-label": say("page.app.token.title") }, form);
    let given = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault(); // the page sends no forms
      given = input.value.trim();
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      back?.focus?.();
      resolve(given || null);
    });
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
