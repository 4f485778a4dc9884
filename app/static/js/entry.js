// The form at the keyboard: Enter goes from box to box and never sends; a few keys save, open a new form or choose in a picker.
(function () {
  "use strict";
  const office = window.taizhang, { isComposing } = office;
  const form = document.querySelector("form.entry[data-entry]");
  const JUST_COMPOSED = 100; // milliseconds: WebKit tells the end of a composition before the Enter that ended it
  let composed = -Infinity, opened = null, asked = false, waiting = 0, leaving = 0;

  function boxes(of) {
    return [...of.querySelectorAll("input, select, textarea")].filter((box) => !["hidden", "submit", "button"].includes(box.type)
      && !box.disabled && box.getClientRects().length);
  }

  // What takes the focus: of a picker that stands in the place of its list, the picker.
  function seen(box) {
    const picker = box.classList.contains("select2-hidden-accessible") && box.nextElementSibling?.querySelector(".select2-selection");
    return picker || box;
  }

  function boxOf(target) {
    if (target.classList?.contains("select2-search__field")) return opened;
    return target.closest?.(".select2-container")?.previousElementSibling || (target.matches?.("input, select, textarea") ? target : null);
  }

  function go(box) {
    const shown = seen(box);
    shown.focus();
    if (shown instanceof HTMLInputElement && !["checkbox", "radio", "file"].includes(shown.type)) shown.select();
  }

  function move(box, step) {
    const all = boxes(box.form), next = all[all.indexOf(box) + step];
    if (next) go(next);
    else if (step > 0) (box.form.querySelector(".buttons .btn-primary") || box.form.querySelector("button:not([type=button])")).focus();
  }

  function write(box, value, text) {
    if (box.type === "checkbox") box.checked = value === "y";
    else if (box.matches(".remote-select") && ![...box.options].some((option) => option.value === value)) box.add(new Option(text, value, true, true));
    else box.value = value;
    ["input", "change"].forEach((name) => box.dispatchEvent(new Event(name, { bubbles: true })));
  }

  function press(then) {
    const button = form?.querySelector(`.buttons button[name=then][value="${then}"]`) || form?.querySelector(".buttons button[name=then]");
    if (button && !button.disabled) form.requestSubmit(button);
  }

  // A sentence of the page with its values.
  function say(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  function labelOf(group) {
    return group.querySelector("label").firstChild.textContent.trim() || group.querySelector("label").textContent.trim();
  }

  office.entry = { form, boxes, seen, boxOf, write, say, labelOf, groupOf: (box) => box.closest("[data-field]") };

  document.addEventListener("compositionend", (event) => { composed = event.timeStamp; }, true);
  document.addEventListener("keyup", () => { composed = -Infinity; }, true);

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  function enter(event) {
    const inForm = event.target.closest?.("form.entry");
    if (event.repeat && inForm && event.target.matches("button, a")) return event.preventDefault();
    if (event.shiftKey && inForm && event.target.matches(".buttons button")) { // back into the form, never through the button
      stop(event);
      return go(boxes(inForm).at(-1));
    }
    const box = boxOf(event.target);
    if (!box || !box.form?.matches("form.entry") || box.form.closest(".sign-in")) return undefined;
    if (isComposing(event)) return event.stopImmediatePropagation();
    if (event.timeStamp - composed < JUST_COMPOSED || event.repeat && box.type !== "textarea") return stop(event);
    if (event.altKey || event.metaKey || event.ctrlKey !== (box.type === "textarea")) return undefined;
    const step = event.shiftKey ? -1 : 1;
    if (opened === box && event.target.classList.contains("select2-search__field")) return choose(event, step);
    stop(event);
    return move(box, step);
  }

  // In an open picker Enter takes what is marked; while the answer is still on its way it waits for it.
  function choose(event, step) {
    if (asked) {
      stop(event);
      waiting = step;
      return;
    }
    leaving = step;
    setTimeout(() => { leaving = 0; }, 0);
  }

  function watch($, box) {
    const picker = $(box).data("select2");
    if (!picker) return;
    picker.on("query", () => { asked = true; });
    ["results:all", "results:message"].forEach((name) => picker.on(name, () => {
      asked = false;
      if (!waiting) return;
      [leaving, waiting] = [waiting, 0];
      setTimeout(() => { picker.trigger("results:select", {}); leaving = 0; }, 0);
    }));
    $(box).on("select2:open", () => { [opened, asked, waiting] = [box, true, 0]; });
    $(box).on("select2:close", () => {
      const step = leaving;
      [opened, asked, waiting] = [null, false, 0];
      if (step) setTimeout(() => move(box, step), 0);
    });
  }

  // A letter on a closed picker opens it and goes into its search; so does the first key of a pinyin word, which has nowhere else to go.
  function typeToOpen(event) {
    const box = event.target.closest?.(".select2-selection") && boxOf(event.target);
    const isWord = event.key.length === 1 && event.key !== " " || event.key === "Process";
    if (box && !opened && isWord) window.jQuery(box).select2("open");
  }

  function command(event) {
    const key = event.key.toLowerCase(), control = event.ctrlKey || event.metaKey;
    if (event.altKey && !control && event.code === "KeyN") return newRecord;
    if (!form || !control || event.altKey) return null;
    if (key === "s" && !event.shiftKey) return () => press("");
    if (key === "enter" && event.target.type !== "textarea") return () => press("add");
    if (key === "'" || event.code === "Quote") return () => form.dispatchEvent(new CustomEvent("taizhang:copy", { detail: boxOf(event.target) }));
    return null;
  }

  function newRecord() {
    const link = document.querySelector("main a[href$='/add']"), url = form?.dataset.new || link?.getAttribute("href");
    if (url) window.location.assign(url);
  }

  document.addEventListener("keydown", (event) => {
    const act = isComposing(event) ? null : command(event);
    if (act) {
      stop(event);
      if (!event.repeat && !document.querySelector("dialog[open]")) act();
    } else if (event.key === "Enter" || event.keyCode === 13) {
      enter(event);
    } else if (!event.ctrlKey && !event.altKey && !event.metaKey) {
      typeToOpen(event);
    }
  }, true);

  // The first box has the focus before the first key can be pressed; a picker is made a moment later.
  function begin() {
    const first = form && boxes(form).find((box) => box.closest("[data-field]"));
    const isTouched = window.matchMedia("(pointer: coarse)").matches; // there the focus would open a keyboard over the page
    if (first && !isTouched && !document.querySelector("#summary, .cautions")) seen(first).focus();
  }

  begin();
  window.jQuery(function ($) {
    document.querySelectorAll("form.entry select.select2-hidden-accessible").forEach((box) => watch($, box));
    const active = document.activeElement;
    if (active?.matches("select.select2-hidden-accessible")) seen(active).focus();
  });
})();
