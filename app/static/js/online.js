// Says so while there is no connection.
(function () {
  "use strict";
  const banner = document.querySelector(".offline");
  if (!banner) return;
  const tell = () => { banner.hidden = navigator.onLine; };
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  tell();
})();
