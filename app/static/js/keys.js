// Single letters as commands: never while somebody types, chooses a pinyin candidate, or has switched them off.
(function () {
  "use strict";
  const acts = new Map();
  const office = window.taizhang = window.taizhang || {};

  office.letter = (key, act) => acts.set(key, act);
  office.isComposing = (event) => event.isComposing || event.keyCode === 229; // a pinyin candidate is being chosen
  office.isTyping = (event) => office.isComposing(event)
    || Boolean(event.target.closest && event.target.closest("input:not([type=checkbox]), textarea, select, .select2-container, [contenteditable]"));

  document.addEventListener("keydown", (event) => {
    const act = acts.get(event.key);
    if (!act || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.body.dataset.letters === "off" || office.isTyping(event) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    act(event);
  });
})();
