// SPDX-License-Identifier: Apache-2.0
'use strict';
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  root.classList.add('scripted');

  // Slices: the page holds the one first shown, the JSON beside it the others (slice_view.h).
  const readSlices = (figure, first) => {
    const image = figure.querySelector('image');
    const paths = [...figure.querySelectorAll('g > path:not(.frame, .scale)')];
    const slices = JSON.parse(figure.querySelector('script').textContent);
    slices[first] = [figure.querySelector('figcaption').textContent, image.getAttribute('href'),
                     ...paths.map((path) => path.getAttribute('d'))];
    return {image, paths, slices};
  };
  for (const slider of document.querySelectorAll('.view input')) {
    const figure = slider.closest('figure');
    const first = slider.defaultValue - 1;
    slider.value = slider.defaultValue;  // a browser may restore what it was before a reload
    let view = null;
    slider.addEventListener('input', () => {
      view = view || readSlices(figure, first);
      const [label, picture, ...outlines] = view.slices[slider.value - 1];
      view.image.setAttribute('href', picture);
      view.paths.forEach((path, n) => path.setAttribute('d', outlines[n]));
      figure.querySelector('figcaption').textContent = label;
      slider.setAttribute('aria-valuetext', label);
    });
  }
  for (const button of document.querySelectorAll('.enlarge')) {
    button.addEventListener('click', () => {
      const enlarged = button.closest('figure').classList.toggle('enlarged');
      button.setAttribute('aria-pressed', enlarged);
    });
  }

  // Tables that sort by a click on a column's head: numbers by size, words by the alphabet.
  const order = new Intl.Collator('en', {numeric: true}).compare;
  const sortBy = (table, column, head) => {
    const body = table.tBodies[0];
    const descending = head.getAttribute('aria-sort') === 'ascending';
    const rows = [...body.rows].sort((a, b) => order(a.cells[column].textContent, b.cells[column].textContent));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    body.append(...(descending ? rows.reverse() : rows));
  };
  for (const table of document.querySelectorAll('table.sort')) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      button.addEventListener('click', () => sortBy(table, column, head));
      head.append(button);
    });
  }

  // The next or previous case from what is at the top of the window.
  const cases = [...document.querySelectorAll('.case')];
  const go = (step) => {
    const edge = parseFloat(getComputedStyle(root).scrollPaddingTop) + 2;
    const tops = cases.map((one) => one.getBoundingClientRect().top);
    const target = step > 0 ? tops.findIndex((top) => top > edge) : tops.findLastIndex((top) => top < edge - 4);
    if (target < 0) return;
    cases[target].scrollIntoView();
    cases[target].querySelector('h3').focus({preventScroll: true});
  };
  byId('next').addEventListener('click', () => go(1));
  byId('previous').addEventListener('click', () => go(-1));
  byId('next').hidden = byId('previous').hidden = cases.length === 0;

  const theme = byId('theme');
  let dark = matchMedia('(prefers-color-scheme: dark)').matches;
  theme.setAttribute('aria-pressed', dark);
  theme.addEventListener('click', () => {
    dark = !dark;
    root.dataset.theme = dark ? 'dark' : 'light';
    theme.setAttribute('aria-pressed', dark);
  });

  const help = byId('help');
  byId('keys').addEventListener('click', () => help.showModal());
  byId('help-close').addEventListener('click', () => help.close());

  const layers = ['liver', 'reference', 'tumour', 'filtered', 'cyst'];
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    const box = byId('show-' + layers[event.key - 1]);
    if (box) box.click();
    else if (event.key === 'n' || event.key === 'j') go(1);
    else if (event.key === 'p' || event.key === 'k') go(-1);
    else if (event.key === '?') help.showModal();
  });
})();
