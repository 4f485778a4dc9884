// Lists of codes by the keyboard: pinyin initials or the code itself choose an option, as a letter does in any list.
(function () {
  "use strict";
  const PAUSE = 900; // milliseconds after which a letter begins a new word
  let typed = "", at = -Infinity, list = null;

  // The same letter again goes on to the next option that begins with it: nn is 女 after 男.
  function found(select, text) {
    const options = [...select.options].filter((option) => option.value);
    const begins = (letters) => options.filter((option) => (option.dataset.initials || "").startsWith(letters));
    const code = options.find((option) => option.value.toLowerCase() === text);
    if (code || begins(text).length) return code || begins(text)[0];
    const same = [...text].every((letter) => letter === text[0]) ? begins(text[0]) : [];
    return same[(same.findIndex((option) => option.selected) + 1) % same.length];
  }

  document.addEventListener("keydown", (event) => {
    const select = event.target;
    if (!(select instanceof HTMLSelectElement) || event.key.length !== 1 || event.key === " ") return;
    if (event.ctrlKey || event.altKey || event.metaKey || window.taizhang.isComposing(event)) return;
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
