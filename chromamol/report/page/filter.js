// Filter and sort the nuclei in the table, in the contact sheet and among the maps at once.
"use strict";
(() => {
  const form = document.getElementById("filter");
  const body = document.querySelector("#nuclei tbody");
  const rows = [...body.rows];
  const places = [...document.querySelectorAll("[data-row]")].filter((one) => one.tagName !== "TR");
  const first = form.elements.group ? 4 : 2; // the first column of numbers
  const follow = new Map(rows.map((row) => [row.dataset.row, []]));
  places.forEach((one) => follow.get(one.dataset.row).push(one));

  const fits = (row) => {
    const { group, replicate, state, image } = form.elements;
    const text = (cell) => row.cells[cell].textContent;
    return (
      (!group || !group.value || text(2) === group.value) &&
      (!replicate || !replicate.value || text(3) === replicate.value) &&
      (!state.value || row.dataset.state === state.value) &&
      text(1).toLowerCase().includes(image.value.toLowerCase())
    );
  };

  const order = () => {
    const { sort, descending } = form.elements;
    const way = descending.checked ? -1 : 1;
    if (sort.value === "") return way > 0 ? rows : [...rows].reverse();
    const cell = first + Number(sort.value);
    const value = (row) => Number.parseFloat(row.cells[cell].textContent);
    const missing = (row) => Number.isNaN(value(row));
    return [...rows].sort((a, b) => missing(a) - missing(b) || way * (value(a) - value(b)) || 0);
  };

  const show = () => {
    let count = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      count += !row.hidden;
      follow.get(row.dataset.row).forEach((one) => { one.hidden = row.hidden; });
    }
    form.querySelector("output").textContent = `${count} of ${rows.length} nuclei`;
  };

  const arrange = () => {
    for (const row of order()) {
      body.append(row);
      follow.get(row.dataset.row).forEach((one) => one.parentNode.append(one));
    }
  };

  form.addEventListener("input", (event) => {
    if (["sort", "descending"].includes(event.target.name)) arrange();
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
})();
