// Dialogs: what opens one is a link that leads to the same words without a script. Esc and a click beside it close it.
(function () {
  "use strict";
  const office = window.taizhang;

  function open(id) {
    const dialog = document.getElementById(id);
    if (!dialog || document.querySelector("dialog[open]")) return;
    dialog.dispatchEvent(new Event("opening"));
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-opens]");
    if (link && document.getElementById(link.dataset.opens) && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open(link.dataset.opens);
    } else if (event.target.matches("dialog[open]")) {
      event.target.close();
    }
  });

  // Ctrl+K, also from within a box; an open candidate window of an input method keeps its keys.
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" && !office.isComposing(event)) {
      if (!document.getElementById("palette")) return;
      event.preventDefault();
      open("palette");
    }
  });
  office.letter("?", () => open("keys"));

  // The menu of the person closes like a dialog.
  const who = document.querySelector("details.who");
  document.addEventListener("click", (event) => { if (who && !who.contains(event.target)) who.open = false; });
  document.addEventListener("keydown", (event) => {
    if (who && who.open && event.key === "Escape") { who.open = false; who.querySelector("summary").focus(); }
  });
})();
