// Where pictures are judged: on the server, or on this computer; and what leaves it.
import { button, el, newId, put } from "./dom.js";

const HOME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The switch between the engines, with one line that says what leaves the machine.
 * @param {function(string)} choose given "server" or "local": makes it `context.engine`
 */
export function place(context, choose) {
  const { say } = context;
  const name = newId("place");
  const said = el("p", { class: "soft", role: "status" });
  const again = button(say("page.app.try_again"), () => change("local"), { hidden: true });
  const radio = (value) => el("input", { type: "radio", name, value, on: { change: () => change(value) } });
  const inputs = { local: radio("local"), server: radio("server") };
  inputs.server.disabled = context.model === null;
  inputs.local.disabled = context.model !== null && !context.model?.engine;
  const root = el("fieldset", { class: "place" }, el("legend", { text: say("page.app.place.title") }),
    el("div", { class: "chips" }, Object.entries(inputs).map(([value, input]) => el("label", {}, input, say(`page.app.place.${value}`)))), said, again);

  function change(value) {
    choose(value);
    if (value === "local") watch();
    tell();
  }

  function watch() {
    context.engine.addEventListener("change", tell);
  }

  function tell() {
    const { engine } = context;
    inputs[engine.name].checked = true;
    again.hidden = !engine.failed;
    if (engine.failed) return put(said, say(context.model === null ? "page.app.place.failed_alone" : "page.app.place.failed"));
    if (engine.settled === false) return put(said, say(engine.share ? "page.app.place.progress" : "page.app.place.loading", { share: say.percent(engine.share) }));
    const home = HOME.test(location.hostname);
    const key = context.engine.name === "local" ? "local" : home ? "home" : "server";
    const more = context.model && !context.model.engine ? ` ${say("page.app.place.no_local")}` : "";
    put(said, say(`page.app.place.${key}_note`, { host: location.host }) + more);
    return said;
  }

  if (context.engine.settled === false) watch();
  tell();
  return root;
}
