// The search of the top bar: pages by a part of their name or by pinyin initials at once, people by a question to the server.
(function () {
  "use strict";
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const box = dialog.querySelector("#palette-text"), list = dialog.querySelector("#palette-list"), said = dialog.querySelector(".palette-said");
  const places = [...dialog.querySelector("template").content.children];
  const QUIET = 200, MOST = 8; // milliseconds without a key before the server is asked; pages shown at once
  let people = [], asked = 0, timer = 0;

  function clean(text) { return text.trim().toLowerCase().replace(/[\s·]/g, ""); }

  function fits(place, key) {
    return !key || clean(place.textContent).includes(key) || place.dataset.letters.includes(key);
  }

  function option(label, url, icon, detail) {
    const line = document.createElement("li"), mark = document.createElement("span"), words = document.createElement("span");
    line.setAttribute("role", "option");
    line.id = `palette-${list.children.length}`;
    line.dataset.url = url;
    mark.className = `fa fa-fw ${icon}`;
    mark.setAttribute("aria-hidden", "true");
    words.textContent = label;
    line.append(mark, words);
    if (detail) {
      const more = document.createElement("span");
      more.className = "hint";
      more.textContent = detail;
      line.append(more);
    }
    list.append(line);
  }

  function show() {
    const key = clean(box.value);
    list.replaceChildren();
    people.forEach((row) => option(row.label, row.url, "fa-user", row.detail));
    places.filter((place) => fits(place, key)).slice(0, key ? undefined : MOST)
      .forEach((place) => option(place.textContent, place.getAttribute("href"), place.dataset.icon, ""));
    said.textContent = list.children.length ? String(list.children.length) : dialog.dataset.nothing;
    dialog.classList.toggle("nothing", !list.children.length);
    mark(list.firstElementChild);
  }

  function mark(line) {
    list.querySelectorAll("[aria-selected]").forEach((other) => other.removeAttribute("aria-selected"));
    if (!line) { box.removeAttribute("aria-activedescendant"); return; }
    line.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", line.id);
    line.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const text = box.value.trim(), turn = ++asked;
    if (!text || (text.length < 2 && /^[\x00-\x7f]*$/.test(text))) return;
    const words = new URLSearchParams({ text, csrf_token: dialog.querySelector("[name=csrf_token]").value });
    try {
      const answer = await fetch(dialog.dataset.url, { method: "POST", body: words, headers: { Accept: "application/json" }, redirect: "error" });
      if (turn !== asked || !answer.ok) return;
      people = (await answer.json()).rows;
      if (turn === asked) show();
    } catch { /* no line to the office: pages are still found */ }
  }

  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    asked += 1;
    people = [];
    show();
    if (!event.isComposing) timer = setTimeout(ask, QUIET);
  });
  box.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(ask, QUIET); });

  box.addEventListener("keydown", (event) => {
    if (window.taizhang.isComposing(event)) return;
    const now = list.querySelector("[aria-selected]");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark((event.key === "ArrowDown" ? now?.nextElementSibling : now?.previousElementSibling) || now);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (now) location.assign(now.dataset.url);
    }
  });
  list.addEventListener("click", (event) => {
    const line = event.target.closest("[role=option]");
    if (line) location.assign(line.dataset.url);
  });
  dialog.addEventListener("opening", () => { box.value = ""; people = []; asked += 1; show(); });
})();
