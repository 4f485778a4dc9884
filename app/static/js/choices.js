// Lists of codes by the keyboard: pinyin initials or the code itself choose an option, as a letter does in any list.
(function () {
  "use strict";
  const PAUSE = 900; // milliseconds after which a letter begins a new word
  let typed = "", at = -Infinity, list = null;

  function found(select, text) {
    const options = [...select.options].filter((option) => option.value);
    return options.find((option) => option.value.toLowerCase() === text)
      || options.find((option) => (option.dataset.initials || "").startsWith(text));
  }

  document.addEventListener("keydown", (event) => {
    const select = event.target;
    if (!(select instanceof HTMLSelectElement) || event.key.length !== 1 || event.key === " ") return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.keyCode === 229) return;
    const goesOn = select === list && event.timeStamp - at < PAUSE;
    typed = (goesOn ? typed : "") + event.key.toLowerCase();
    [list, at] = [select, event.timeStamp];
    const option = found(select, typed) || found(select, typed = event.key.toLowerCase());
    if (!option) return;
    event.preventDefault();
    if (select.value === option.value) return;
    select.value = option.value;
    ["input", "change"].forEach((name) => select.dispatchEvent(new Event(name, { bubbles: true })));
  });
})();
