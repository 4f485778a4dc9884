// Checks while one types: after each box the office says what is wrong with what was visited, in the words that saving would use.
(function () {
  "use strict";
  const { form, seen, say, labelOf, groupOf } = window.taizhang.entry;
  if (!form || !form.dataset.check) return;
  const SOON = 120, LATER = 500; // milliseconds: after leaving a box, and while a wrong one is being mended
  const words = form.dataset, told = form.querySelector(".entry-told");
  const groups = new Map([...form.querySelectorAll("[data-field]")].map((group) => [group.dataset.field, group]));
  const visited = new Set(), held = new Map(); // held: box → what its value was when something was wrong with it, and what
  let timer = 0, sent = "", composing = false, running = null, answer = null;

  function boxIn(group) {
    return group.querySelector("input, select, textarea");
  }

  function describe(box, id, on) {
    [box, seen(box)].forEach((element) => {
      const known = (element.getAttribute("aria-describedby") || "").split(" ").filter((word) => word && word !== id);
      if (on) known.push(id);
      if (known.length) element.setAttribute("aria-describedby", known.join(" "));
      else element.removeAttribute("aria-describedby");
    });
  }

  function mark(group, messages) {
    const box = boxIn(group), id = `${box.id}-error`;
    let place = group.querySelector(".error");
    group.classList.toggle("has-error", messages.length > 0);
    [box, seen(box)].forEach((element) => {
      if (messages.length) element.setAttribute("aria-invalid", "true");
      else element.removeAttribute("aria-invalid");
    });
    describe(box, id, messages.length > 0);
    if (!messages.length) return place?.remove();
    if (!place) {
      place = document.createElement("div");
      place.className = "error";
      place.id = id;
      group.querySelector(".box-row").after(place);
    }
    place.replaceChildren(...messages.map((message) => Object.assign(document.createElement("div"), { textContent: message })));
    return undefined;
  }

  // What is unusual asks for its reason beside the box, so that the first saving has it.
  function ask(cautions) {
    const codes = new Set(cautions.map((caution) => caution.code));
    form.querySelectorAll(".caution").forEach((place) => {
      if (!codes.has(place.dataset.code) && !place.contains(document.activeElement)) place.remove();
    });
    cautions.forEach((caution, number) => {
      const group = groups.get(caution.field), name = `reason_${caution.code}`, known = form.elements[name];
      if (known && !known.value && !known.dataset.told && known !== document.activeElement) known.value = caution.reason;
      if (known) known.dataset.told = "once"; // who empties the box means it
      if (!group || known || !(visited.has(caution.field) || caution.reason)) return;
      const place = document.createElement("div"), label = document.createElement("label"), box = document.createElement("input");
      place.className = "caution";
      place.dataset.code = caution.code;
      Object.assign(box, { className: "form-control", id: `reason-here-${number}`, name, value: caution.reason, autocomplete: "off", placeholder: words.reason });
      Object.assign(label, { htmlFor: box.id, textContent: caution.message });
      place.append(label, box);
      group.append(place);
    });
  }

  function count() {
    document.querySelectorAll(".rail-count").forEach((place) => {
      const wrong = document.getElementById(place.dataset.group).querySelectorAll(".has-error").length;
      place.hidden = !wrong;
      place.textContent = wrong ? wrong : "";
      place.title = wrong ? say(words.errors, { n: wrong }) : "";
    });
  }

  function tell() {
    const wrong = [...groups.values()].filter((group) => group.classList.contains("has-error"));
    const open = [...form.querySelectorAll(".caution")].filter((place) => !place.querySelector("input").value.trim());
    const names = (list) => [...new Set(list.map((place) => labelOf(groupOf(place))))].join("; ");
    const general = answer.problems[""] || [];
    const said = [...general, ...(wrong.length ? [say(words.toMend, { fields: names(wrong) })] : []),
      ...(open.length ? [say(words.toExplain, { fields: names(open) })] : [])].join(" ");
    if (told.textContent !== said) told.textContent = said;
    told.classList.toggle("is-wrong", wrong.length + general.length > 0);
  }

  function tidySummary() {
    const summary = document.getElementById("summary");
    summary?.querySelectorAll("[data-about]").forEach((line) => { line.hidden = !groups.get(line.dataset.about)?.classList.contains("has-error"); });
    if (summary) summary.hidden = !summary.querySelector("[data-about]:not([hidden])");
  }

  function candidates(found) {
    const panel = document.querySelector(".alike");
    groups.forEach((group) => group.classList.remove("same"));
    panel.hidden = !found.length;
    panel.querySelector("ul").replaceChildren(...found.map((row) => {
      const line = document.createElement("li"), link = document.createElement("a"), same = document.createElement("div");
      const alike = row.fields.filter((name) => groups.has(name));
      Object.assign(link, { href: row.url, target: "_blank", rel: "noopener", textContent: row.text });
      Object.assign(same, { className: "hint", textContent: `${words.same}: ${alike.map((name) => labelOf(groups.get(name))).join("; ")}` });
      alike.forEach((name) => groups.get(name).classList.add("same"));
      line.append(link, same);
      return line;
    }));
  }

  // The rules judge a whole form only. Until it is whole again, what they said of a box that did not change stays.
  function wrongWith(name) {
    const now = answer.problems[name] || [], value = boxIn(groups.get(name)).value, before = held.get(name);
    const messages = !now.length && !answer.whole && before?.value === value ? before.messages : now;
    if (messages.length) held.set(name, { value, messages });
    else held.delete(name);
    return messages;
  }

  function show() {
    if (!answer) return;
    visited.forEach((name) => {
      const isAsSent = groups.has(name) && answer.sent.get(name) === boxIn(groups.get(name)).value;
      if (isAsSent) mark(groups.get(name), wrongWith(name)); // of a box that has changed since, the next answer tells
    });
    if (answer.cautions) ask(answer.cautions);
    if (answer.alike) candidates(answer.alike);
    count();
    tidySummary();
    tell();
    form.dispatchEvent(new CustomEvent("taizhang:checked", { detail: answer }));
  }

  async function check() {
    if (composing || form.classList.contains("sending")) return;
    const data = new URLSearchParams(new FormData(form)), typed = data.toString();
    if (typed === sent) { show(); return; }
    running?.abort();
    running = new AbortController();
    sent = typed;
    const values = new Map([...groups].map(([name, group]) => [name, boxIn(group).value]));
    try {
      const reply = await fetch(words.check, { method: "POST", body: data, signal: running.signal, redirect: "manual",
        headers: { Accept: "application/json" } });
      if (!reply.ok) throw new Error(String(reply.status));
      answer = { ...await reply.json(), sent: values };
      show();
    } catch (error) {
      if (error.name !== "AbortError") sent = ""; // saving will say it; the next box asks again
    }
  }

  function soon(delay) {
    clearTimeout(timer);
    timer = setTimeout(check, delay);
  }

  form.addEventListener("compositionstart", () => { composing = true; });
  form.addEventListener("compositionend", () => { composing = false; });
  form.addEventListener("focusout", (event) => {
    const group = groupOf(event.target);
    if (!group) return;
    visited.add(group.dataset.field);
    soon(SOON);
  });
  window.jQuery(form).on("change", (event) => { if (groupOf(event.target)) soon(SOON); });
  form.addEventListener("input", (event) => {
    if (groupOf(event.target)?.classList.contains("has-error")) soon(LATER);
    else if (event.target.closest(".caution")) tell();
  });

  // A form that came back was sent as a whole: everything on it counts as visited.
  if (document.querySelector("#summary, .cautions")) {
    groups.forEach((_, name) => visited.add(name));
    soon(0);
  }
  if (words.entry === "edit") soon(0); // what was explained before stands beside its box
  count();
  window.taizhang.check = { soon, visit: (name) => visited.add(name) };
})();
