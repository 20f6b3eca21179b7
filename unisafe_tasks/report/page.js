// Choosers: which metric's table and which model's chart is shown.
(() => {
  "use strict";
  for (const select of document.querySelectorAll("select[data-chooses]")) {
    const members = document.querySelectorAll(`[data-member="${select.dataset.chooses}"]`);
    const choose = () => {
      for (const member of members) member.classList.toggle("unchosen", member.dataset.value !== select.value);
    };
    select.closest(".chooser").hidden = select.options.length < 2;
    select.addEventListener("change", choose);
    choose();
  }
})();
