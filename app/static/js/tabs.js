// Tabs: the links to the parts of a record show one part at a time; the chosen one stands in the address.
(function () {
  "use strict";
  const bar = document.querySelector(".tabs");
  if (!bar) return;
  const tabs = Array.from(bar.querySelectorAll("a[href^='#']"));
  const partOf = (tab) => document.getElementById(tab.hash.slice(1));

  bar.setAttribute("role", "tablist");
  tabs.forEach((tab) => {
    const part = partOf(tab);
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", part.id);
    part.setAttribute("role", "tabpanel");
    part.setAttribute("aria-labelledby", tab.id);
    part.tabIndex = 0;
  });

  function choose(chosen) {
    tabs.forEach((tab) => {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      partOf(tab).classList.toggle("chosen", tab === chosen);
    });
  }

  // What the address or a fault names may lie inside a part.
  function chooseByAddress() {
    const name = decodeURIComponent(location.hash.slice(1));
    const aim = name && document.getElementById(name);
    const part = (aim || document.querySelector(".panel-part .revealed, .panel-part [aria-invalid]"))?.closest(".panel-part");
    choose(tabs.find((tab) => partOf(tab) === part) || tabs[0]);
    if (aim && aim !== part) aim.scrollIntoView({ block: "start" });
  }

  function go(tab) {
    choose(tab);
    history.replaceState(null, "", tab.hash);
  }

  bar.addEventListener("click", (event) => {
    const tab = event.target.closest("a");
    if (!tab) return;
    event.preventDefault();
    go(tab);
  });
  bar.addEventListener("keydown", (event) => {
    const here = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    go(tab);
    tab.focus();
  });
  window.addEventListener("hashchange", chooseByAddress);
  document.documentElement.classList.add("tabbed");
  chooseByAddress();
})();
