// Sorting and filtering, and nothing else: every page is whole without this file.
(() => {
  "use strict";

  const phone = matchMedia("(max-width: 44rem)");
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const other = { ascending: "descending", descending: "ascending" };

  const isRow = (row) => !row.classList.contains("tier");

  function valueOf(row, column) {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  }

  // What is missing stands last, whichever way the rest goes.
  function compare(kind, sign, a, b) {
    if (kind === "text") return sign * words.compare(a, b);
    const x = parseFloat(a), y = parseFloat(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return sign * (x - y);
  }

  class Table {
    constructor(table) {
      this.table = table;
      this.heads = [...table.tHead.rows[0].cells];
      this.bodies = [...table.tBodies].map((body) => [body, [...body.rows]]);
      this.rows = this.bodies.flatMap(([, rows]) => rows.filter(isRow));
      this.first = this.heads.findIndex((head) => head.hasAttribute("aria-sort"));
      this.way = this.first < 0 ? "" : this.heads[this.first].getAttribute("aria-sort");
      this.buttons = this.heads.map((head, column) => this.button(head, column));
      phone.addEventListener("change", () => this.reach());
      this.reach();
    }

    button(head, column) {
      if (!head.dataset.sort) return null;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => this.turn(column));
      head.append(button);
      return button;
    }

    // On a phone the head is out of sight, and a list above the table sorts in its place.
    reach() {
      for (const button of this.buttons) if (button) button.tabIndex = phone.matches ? -1 : 0;
    }

    turn(column) {
      const head = this.heads[column];
      const now = head.getAttribute("aria-sort");
      this.sort(column, now ? other[now] : head.dataset.first ?? "ascending");
    }

    sort(column, way) {
      for (const head of this.heads) head.removeAttribute("aria-sort");
      this.heads[column].setAttribute("aria-sort", way);
      this.grouped = column === this.first && way === this.way;
      if (this.grouped) {
        for (const [body, rows] of this.bodies) body.append(...rows);
      } else {
        const kind = this.heads[column].dataset.sort, sign = way === "ascending" ? 1 : -1;
        const values = new Map(this.rows.map((row) => [row, valueOf(row, column)]));
        const sorted = [...this.rows].sort((a, b) => compare(kind, sign, values.get(a), values.get(b)));
        this.bodies[0][0].append(...sorted);
      }
      this.headings();
    }

    // The heading of a tier goes with its rows: it is shown while they stand below it and one of them is seen.
    headings() {
      for (const [, rows] of this.bodies)
        for (const row of rows)
          if (!isRow(row))
            row.hidden = this.grouped === false || rows.every((one) => !isRow(one) || one.hidden);
    }
  }

  class Tools {
    constructor(box) {
      this.table = new Table(document.getElementById(box.dataset.for));
      this.box = box;
      this.input = box.querySelector("input");
      this.said = box.querySelector("output");
      this.more = document.querySelector(`details[data-with="${box.dataset.for}"]`);
      this.items = [...this.table.rows, ...(this.more ? this.more.querySelectorAll("li") : [])];
      this.texts = this.items.map((item) => item.textContent.toLowerCase());
      this.input.addEventListener("input", () => this.filter());
      this.choices(box.querySelector("select"));
      box.hidden = false;
      // A reload may bring back what was typed.
      if (this.input.value) this.filter();
    }

    choices(select) {
      this.table.heads.forEach((head, column) => {
        if (head.dataset.sort) select.append(new Option(head.textContent.trim(), String(column)));
      });
      select.value = String(this.table.first);
      select.addEventListener("change", () => {
        const column = Number(select.value);
        this.table.sort(column, this.table.heads[column].dataset.first ?? "ascending");
      });
    }

    filter() {
      const parts = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      this.items.forEach((item, at) => {
        const fits = parts.every((part) => this.texts[at].includes(part));
        item.hidden = !fits;
        if (fits) shown += 1;
      });
      if (this.more && parts.length) this.more.open = true;
      this.said.textContent = parts.length ? `${shown} of ${this.items.length} shown` : "";
      this.table.headings();
    }
  }

  for (const box of document.querySelectorAll(".tools")) new Tools(box);
})();
