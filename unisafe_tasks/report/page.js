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

  // An address may name a part that is not shown.
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    const member = target?.closest("[data-member]");
    const select = member && document.getElementById(member.dataset.member);
    if (!select) return;
    select.value = member.dataset.value;
    select.dispatchEvent(new Event("change"));
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  open();
})();
