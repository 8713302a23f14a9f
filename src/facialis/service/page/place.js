// Where pictures are judged: on the server, or on this computer; and what leaves it.
import { el, newId, put } from "./dom.js";

const HOME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The switch between the engines, with one line that says what leaves the machine.
 * @param {function(string, function(number)): Promise<void>} choose given "server" or "local", and what to tell how much has come; rejects where that engine cannot be had
 */
export function place(context, choose) {
  const { say } = context;
  const name = newId("place");
  const said = el("p", { class: "soft", role: "status" });
  const radio = (value) => el("input", { type: "radio", name, value, on: { change: () => change(value) } });
  const inputs = { local: radio("local"), server: radio("server") };
  inputs.server.disabled = context.model === null;
  inputs.local.disabled = context.model !== null && !context.model?.engine;
  const root = el("fieldset", { class: "place" }, el("legend", { text: say("page.app.place.title") }),
    el("div", { class: "chips" }, Object.entries(inputs).map(([value, input]) => el("label", {}, input, say(`page.app.place.${value}`)))), said);

  async function change(value) {
    put(said, say("page.app.place.loading"));
    try {
      await choose(value, (share) => put(said, say("page.app.place.progress", { share: say.percent(share ?? 0) })));
    } catch {
      put(said, say("page.app.place.failed"));
      inputs[context.engine.name].checked = true;
      return;
    }
    tell();
  }

  function tell() {
    inputs[context.engine.name].checked = true;
    const home = HOME.test(location.hostname);
    const key = context.engine.name === "local" ? "local" : home ? "home" : "server";
    const more = context.model && !context.model.engine ? ` ${say("page.app.place.no_local")}` : "";
    put(said, say(`page.app.place.${key}_note`, { host: location.host }) + more);
  }

  tell();
  return root;
}
