// Pickers that ask the server: type to search, choose from at most twenty rows.
jQuery(function ($) {
  const words = document.body.dataset;
  const language = {
    noResults: () => words.nothingFound,
    searching: () => words.searching,
    loadingMore: () => words.searching,
    errorLoading: () => words.noAnswer,
    removeAllItems: () => words.clear
  };
  const common = { theme: "bootstrap", width: "100%", allowClear: true, placeholder: "", language: language };

  $(".remote-select").each(function () {
    $(this).select2({
      ...common,
      ajax: {
        url: this.dataset.url, dataType: "json", delay: 200,
        data: (typed) => ({ q: typed.term || "" })
      }
    });
  });
  $("main .my_select2").select2(common);

  // The label names the box that stands in the place of the select; opening it puts the cursor into its search box.
  $(".select2-hidden-accessible").each(function () {
    const label = document.querySelector(`label[for="${this.id}"]`);
    const seen = this.nextElementSibling && this.nextElementSibling.querySelector(".select2-selection");
    if (!label || !seen) return;
    label.id = label.id || `${this.id}-label`;
    seen.setAttribute("aria-labelledby", `${label.id} ${seen.getAttribute("aria-labelledby") || ""}`.trim());
    const chosen = seen.querySelector(".select2-selection__rendered[role=textbox]"), search = seen.querySelector(".select2-search__field");
    if (chosen) ["role", "aria-readonly"].forEach((name) => chosen.removeAttribute(name));
    if (search) search.setAttribute("aria-labelledby", label.id);
    const told = this.getAttribute("aria-describedby");
    if (told) seen.setAttribute("aria-describedby", told);
  });
  $(document).on("select2:open", () => {
    const search = document.querySelector(".select2-container--open .select2-search__field");
    if (search) search.focus();
  });
});
