// Lists: one tick for all rows of the page, and filters that send only what was filled in.
(function () {
  "use strict";

  document.querySelectorAll("form.rows").forEach((form) => {
    const head = form.querySelector("th.tick");
    const ticks = form.querySelectorAll("input[name=rowid]");
    if (!head || !ticks.length) return;
    const all = document.createElement("input");
    all.type = "checkbox";
    all.setAttribute("aria-label", document.body.dataset.tickAll);
    all.addEventListener("change", () => ticks.forEach((tick) => { tick.checked = all.checked; }));
    form.addEventListener("change", () => {
      const ticked = form.querySelectorAll("input[name=rowid]:checked").length;
      all.checked = ticked === ticks.length;
      all.indeterminate = ticked > 0 && !all.checked;
    });
    head.replaceChildren(all);
  });

  function box(line) {
    return line.querySelector("input, select:not(.operator)");
  }

  // The server reads a filter from the name of its box: _flt_<operator>_<column>. Without a script it takes the two apart.
  function name(line) {
    box(line).name = `_flt_${line.querySelector(".operator").value}_${line.dataset.column}`;
  }

  function prepare(line) {
    line.querySelector(".operator").removeAttribute("name");
    line.querySelector(".operator").addEventListener("change", () => name(line));
    line.querySelector(".again")?.addEventListener("click", () => another(line));
    name(line);
  }

  function another(line) {
    const more = line.cloneNode(true);
    line.after(more);
    box(more).value = "";
    box(more).id = `filter-${document.querySelectorAll(".filter").length}`;
    more.querySelector("label").htmlFor = box(more).id;
    prepare(more);
    box(more).focus();
  }

  document.querySelectorAll("form.filters").forEach((form) => {
    form.querySelectorAll(".filter").forEach(prepare);
    form.addEventListener("submit", () => {
      form.querySelectorAll(".filter").forEach((line) => { box(line).disabled = box(line).value.trim() === ""; });
    });
    window.addEventListener("pageshow", () => {
      form.querySelectorAll(".filter").forEach((line) => { box(line).disabled = false; });
    });
  });
})();
