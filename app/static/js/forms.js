// Forms: one sending at a time, and what is wrong is read out first.
(function () {
  "use strict";

  function buttons(form) {
    return form.querySelectorAll("button:not([type=button]), input[type=submit]");
  }

  function lock(form, locked) {
    form.classList.toggle("sending", locked);
    buttons(form).forEach((button) => { button.disabled = locked; });
  }

  // Locked after the event, because a disabled button is not sent with its form.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.classList.contains("sending")) { event.preventDefault(); return; }
    form.classList.add("sending");
    setTimeout(() => lock(form, !event.defaultPrevented), 0);
  });

  // A page that comes back from the browser's memory can be sent again.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form.sending").forEach((form) => lock(form, false));
  });

  // A file that would be refused anyway is not sent: a server that stops reading looks like a broken line.
  document.querySelectorAll("input[type=file][data-most]").forEach((box) => {
    box.addEventListener("change", () => {
      const isTooLarge = Array.from(box.files).some((file) => file.size > Number(box.dataset.most));
      box.setCustomValidity(isTooLarge ? box.dataset.tooLarge : "");
      box.reportValidity();
    });
  });

  // A link of the summary leads to the box itself, also where a picker stands in its place.
  document.querySelectorAll(".summary a").forEach((link) => {
    link.addEventListener("click", (event) => {
      const box = document.getElementById(link.hash.slice(1));
      if (!box) return;
      event.preventDefault();
      const seen = box.nextElementSibling?.querySelector?.(".select2-selection") || box;
      seen.focus();
      seen.scrollIntoView({ block: "center" });
    });
  });

  const first = document.getElementById("summary") || document.querySelector(".cautions input, .sign-in input:not([type=hidden])");
  if (first) first.focus();
})();
