// A hidden value that was asked for is hidden again: after its time, when the page is left, when the window is covered or locked.
(function () {
  "use strict";
  const shown = Array.from(document.querySelectorAll(".revealed[data-mask]"));
  if (!shown.length) return;

  function hide() {
    shown.filter((value) => value.classList.contains("revealed")).forEach((value) => {
      value.textContent = value.dataset.mask;
      value.classList.remove("revealed");
      value.nextElementSibling?.remove();
    });
  }

  shown[0].focus();
  setTimeout(hide, Number(shown[0].dataset.seconds) * 1000);
  window.addEventListener("pagehide", hide);
  document.addEventListener("taizhang:locked", hide);
  document.addEventListener("visibilitychange", () => { if (document.hidden) hide(); });
})();
