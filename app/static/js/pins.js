// From record to record: pinned boxes keep their value, Ctrl+' copies one box of the last record, a button copies all that may be copied.
(function () {
  "use strict";
  const { form, boxes, seen, write, say, labelOf, groupOf } = window.taizhang.entry;
  if (!form || !form.dataset.previous) return;
  const words = form.dataset, told = form.querySelector(".entry-told"), first = new Map();
  let previous = null;

  const held = (box) => (box.type === "checkbox" ? String(box.checked) : box.value);

  async function last() {
    if (previous) return previous;
    const reply = await fetch(words.previous, { headers: { Accept: "application/json" }, redirect: "manual" });
    if (!reply.ok) throw new Error(String(reply.status));
    previous = (await reply.json()).values;
    return previous;
  }

  function copy(box, values) {
    const group = groupOf(box), pair = values[group?.dataset.field];
    if (!pair) return false;
    write(box, ...pair);
    group.classList.add("kept");
    group.querySelector(".taken")?.remove();
    const note = Object.assign(document.createElement("div"), { className: "taken", id: `${box.id}-taken`, textContent: words.copied });
    group.querySelector(".box-row").after(note);
    seen(box).setAttribute("aria-describedby", `${seen(box).getAttribute("aria-describedby") || ""} ${note.id}`.trim());
    return true;
  }

  function forget(box) {
    const group = groupOf(box);
    group?.classList.remove("kept");
    group?.querySelector(".taken")?.remove();
  }

  async function toggle(pin) {
    const on = pin.getAttribute("aria-pressed") !== "true";
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, field: pin.dataset.pin, on: on ? "1" : "0" });
    const reply = await fetch(words.pinUrl, { method: "POST", body, redirect: "manual", headers: { Accept: "application/json" } });
    if (!reply.ok) return;
    pin.setAttribute("aria-pressed", String(on));
    told.textContent = say(on ? words.pinOn : words.pinOff, { field: labelOf(groupOf(pin)) });
  }

  form.addEventListener("taizhang:copy", async (event) => {
    const box = event.detail, values = box && await last();
    if (values && !Object.keys(values).length) told.textContent = words.noPrevious;
    else if (values && copy(box, values)) box.select?.();
  });

  const all = form.querySelector(".copy-previous");
  all.hidden = false;
  all.addEventListener("click", async () => {
    const values = await last(), empty = boxes(form).filter((box) => groupOf(box) && held(box) === first.get(box));
    const copied = empty.filter((box) => copy(box, values));
    told.textContent = Object.keys(values).length ? say(words.wasCopied, { n: copied.length }) : words.noPrevious;
    if (boxes(form)[0]) seen(boxes(form).find((box) => groupOf(box))).focus();
  });

  form.querySelectorAll(".pin").forEach((pin) => {
    pin.hidden = false;
    pin.addEventListener("click", () => toggle(pin));
  });
  boxes(form).forEach((box) => first.set(box, held(box)));
  form.addEventListener("keydown", (event) => { if (event.key.length === 1 && groupOf(event.target) && !event.ctrlKey && !event.altKey) forget(event.target); });

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat || event.code !== "KeyP" || window.taizhang.isComposing(event)) return;
    const pin = groupOf(event.target)?.querySelector(".pin");
    if (!pin) return;
    event.preventDefault();
    toggle(pin);
  });
})();
