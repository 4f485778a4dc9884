// An ID number fills what is empty of its person; what was typed and differs becomes a question, never another value.
(function () {
  "use strict";
  const { form, write, say, groupOf } = window.taizhang.entry, check = window.taizhang.check;
  if (!form || !check) return;
  const words = form.dataset, done = new Map();

  function boxOf(name) {
    return form.querySelector(`[data-field="${name}"]`)?.querySelector("input, select, textarea");
  }

  function button(text, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-default btn-sm", textContent: text });
    made.addEventListener("click", act);
    return made;
  }

  function note(group, kind, ...parts) {
    group.querySelector(`.${kind}`)?.remove();
    if (!parts.length) return;
    const place = Object.assign(document.createElement("div"), { className: kind });
    place.setAttribute("role", "status");
    place.append(...parts);
    group.querySelector(".box-row").after(place);
  }

  function take(name, field) {
    const box = boxOf(name), from = document.activeElement;
    write(box, field.value, field.text);
    note(groupOf(box), "differs");
    check.visit(name);
    if (!from || from === document.body || from.closest(".differs, .offer")) box.focus();
    check.soon(0);
  }

  function fill(name, field, isNew) {
    const box = boxOf(name);
    if (!box) return;
    const group = groupOf(box), isEmpty = !box.value.trim();
    if (field.state === "other" && !isEmpty) {
      note(group, "differs", say(words.says, { value: field.text }) + " ", button(words.take, () => take(name, field)));
      return;
    }
    note(group, "differs");
    if (!isEmpty || !isNew || field.state !== "empty") return;
    write(box, field.value, field.text);
    if (document.activeElement === box) box.select?.(); // whoever types there already replaces it
    check.visit(name);
    note(group, "taken", words.filled);
    box.addEventListener("input", () => note(group, "taken"), { once: true });
  }

  function use(group, file) {
    Object.entries(file.fields).forEach(([name, field]) => {
      const box = boxOf(name);
      if (!box || (box.value.trim() && !name.endsWith("name"))) return;
      write(box, field.value, field.text);
      check.visit(name);
    });
    const from = document.activeElement;
    note(group, "offer");
    if (!from || from === document.body || from.closest(".offer")) group.querySelector("input").focus();
    check.soon(0);
  }

  function offer(group, file) {
    if (!file) { note(group, "offer"); return; }
    const link = Object.assign(document.createElement("a"), { href: file.url, target: "_blank", rel: "noopener", textContent: words.open });
    const differs = Object.values(file.fields).some((field) => field.state !== "same");
    const parts = [say(words.onFile, { person: file.text }) + " "];
    if (differs) parts.push(button(words.use, () => use(group, file)), " ");
    note(group, "offer", ...parts, link);
  }

  form.addEventListener("taizhang:checked", (event) => {
    form.querySelectorAll("input[data-person]").forEach((box) => {
      const said = event.detail.numbers[box.name], group = groupOf(box);
      if (event.detail.sent.get(box.name) !== box.value) return; // the next answer is about what stands there now
      if (!said) { note(group, "offer"); return; }
      const isNew = done.get(box.name) !== box.value;
      done.set(box.name, box.value);
      Object.entries(said.fields).forEach(([name, field]) => fill(name, field, isNew));
      offer(group, said.file);
    });
  });

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat || event.code !== "KeyY" || window.taizhang.isComposing(event)) return;
    const first = form.querySelector(".differs button, .offer button");
    if (!first) return;
    event.preventDefault();
    first.click();
  });
})();
