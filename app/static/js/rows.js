// The rows of a list: j and k walk, Enter opens, x ticks, / goes to the quick box; the way back finds ticks and place again.
(function () {
  "use strict";
  const form = document.querySelector("form.rows");
  const quick = document.getElementById("find-text");
  const toolbar = document.querySelector(".toolbar[data-address]");

  // The answer of a search has an address without the words; it is what a reload and the way back open.
  if (toolbar) history.replaceState(history.state, "", toolbar.dataset.address);

  if (quick) window.taizhang.letter("/", () => { quick.focus(); quick.select(); });
  if (!form) return;

  const rows = Array.from(form.querySelectorAll("tbody tr"));
  const area = form.querySelector(".table-scroll");
  const ticks = () => Array.from(form.querySelectorAll("input[name=rowid]"));
  const told = form.querySelector(".ticked");

  function here() {
    return rows.findIndex((row) => row.contains(document.activeElement));
  }

  function go(step) {
    const now = here(), next = rows[now < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + step, 0), rows.length - 1)];
    const target = next.querySelector("a.open") || next.querySelector("input, a, summary");
    if (!target) return;
    target.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  window.taizhang.letter("j", () => go(1));
  window.taizhang.letter("k", () => go(-1));
  window.taizhang.letter("x", () => {
    const tick = here() >= 0 && rows[here()].querySelector("input[name=rowid]");
    if (tick) tick.click();
  });

  // How many are ticked; ticking all that match makes the single ticks meaningless.
  const all = form.querySelector("input[name=all]");
  function count() {
    const number = ticks().filter((tick) => tick.checked).length;
    if (told) told.textContent = number ? document.body.dataset.ticked.replace("{n}", number) : "";
    rows.forEach((row) => row.classList.toggle("chosen", Boolean(row.querySelector("input[name=rowid]:checked"))));
    keep();
  }

  // Kept in the history entry of this page alone: identities of rows and how far down, no words.
  function keep() {
    const ticked = ticks().filter((tick) => tick.checked).map((tick) => tick.value);
    history.replaceState({ ...history.state, ticked: ticked, down: area.scrollTop, aside: area.scrollLeft }, "");
  }

  const was = history.state || {};
  ticks().forEach((tick) => { tick.checked = (was.ticked || []).includes(tick.value); });
  if (was.ticked && was.ticked.length) form.dispatchEvent(new Event("change"));
  area.scrollTop = was.down || 0;
  area.scrollLeft = was.aside || 0;
  form.addEventListener("change", count);
  window.addEventListener("pagehide", keep);
  document.addEventListener("click", keep);
  if (all) all.addEventListener("change", () => { ticks().forEach((tick) => { tick.disabled = all.checked; }); });
  count();

  // The whole text of a cell that is cut off.
  form.addEventListener("mouseover", (event) => {
    const cell = event.target.closest("td");
    if (cell && !cell.title && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim();
  });

  // One menu at a time, beside its button and in front of the table that scrolls.
  function place(menu) {
    const list = menu.querySelector("ul"), button = menu.querySelector("summary").getBoundingClientRect();
    const below = button.bottom + list.offsetHeight < window.innerHeight;
    list.style.left = `${Math.max(Math.min(button.left, window.innerWidth - list.offsetWidth - 8), 8)}px`;
    list.style.top = `${below ? button.bottom : Math.max(button.top - list.offsetHeight, 8)}px`;
  }

  const menus = Array.from(form.querySelectorAll(".row-menu"));
  const closeAll = (but) => menus.forEach((menu) => { if (menu !== but) menu.open = false; });
  menus.forEach((menu) => menu.addEventListener("toggle", () => {
    menu.closest("td").classList.toggle("lifted", menu.open);
    if (menu.open) { closeAll(menu); place(menu); }
  }));
  const follow = () => menus.filter((menu) => menu.open).forEach(place);
  area.addEventListener("scroll", follow);
  window.addEventListener("scroll", follow, { passive: true });
  document.addEventListener("click", (event) => closeAll(event.target.closest(".row-menu")));
})();
