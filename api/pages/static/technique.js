// Lets a technician zoom into a chart of the technician's page. The page is complete without this file.
// Nothing is fetched before a button is pressed: the charting library, then one series of the public JSON API.
(function () {
  'use strict';
  var main = document.querySelector('[data-series]');
  if (!main || !window.fetch || !window.Promise) return;
  var POINTS = 1500;
  var library;

  function load() {
    library = library || new Promise(function (done, failed) {
      var sheet = document.createElement('link');
      sheet.rel = 'stylesheet';
      sheet.href = main.dataset.uplotCss;
      document.head.appendChild(sheet);
      var script = document.createElement('script');
      script.src = main.dataset.uplotJs;
      script.onload = done;
      script.onerror = failed;
      document.head.appendChild(script);
    });
    return library;
  }

  // Whole minutes, as the API counts them, and never more points than the screen can show.
  function interval(start, end) {
    return Math.max(1, Math.ceil((end - start) / POINTS / 60000)) + 'm';
  }

  function series(figure, start, end) {
    var address = main.dataset.series + '?device=' + encodeURIComponent(figure.dataset.device) + '&metric=' +
      encodeURIComponent(figure.dataset.metric) + '&start=' + start + '&end=' + end + '&interval=' + interval(start, end);
    return fetch(address).then(function (answer) {
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    }).then(function (found) {
      return columns(found);
    });
  }

  // A step without values breaks the line: what nobody knows is never drawn across.
  function columns(found) {
    var step = found.interval_s, x = [], low = [], mean = [], high = [];
    found.times_ms.forEach(function (ms, index) {
      var at = ms / 1000;
      if (index && at - x[x.length - 1] > step) {
        x.push(x[x.length - 1] + step);
        low.push(null); mean.push(null); high.push(null);
      }
      x.push(at);
      low.push(found.lows[index]); mean.push(found.means[index]); high.push(found.highs[index]);
    });
    return [x, low, mean, high];
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim() || '#1e4e8c';
  }

  function options(figure, words, zoom) {
    var grid = { stroke: colour('rule'), width: 1 };
    var axis = { stroke: colour('ink'), grid: grid, ticks: grid, font: '14px sans-serif' };
    var night = colour('night');
    var language = document.documentElement.lang;
    // Day before month, as both languages write it here, and hours where the steps are short enough.
    function dates(plot, marks, axisNumber, space, step) {
      return marks.map(function (at) {
        var when = new Date(at * 1000).toISOString();
        var day = when.slice(8, 10) + '/' + when.slice(5, 7), hour = when.slice(11, 16);
        return step >= 86400 || hour === '00:00' ? day : hour;
      });
    }
    function numbers(plot, marks) {
      return marks.map(function (value) { return value.toLocaleString(language); });
    }
    return {
      width: figure.clientWidth,
      height: Math.max(260, Math.round(window.innerHeight / 2)),
      // The sites keep UTC all year.
      tzDate: function (seconds) { return window.uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'); },
      cursor: { drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true } },
      axes: [Object.assign({ values: dates, space: 60 }, axis), Object.assign({ values: numbers, size: 64 }, axis)],
      series: [
        { label: words.time, value: '{DD}/{MM} {HH}:{mm}' },
        { label: words.low, stroke: night + '66', spanGaps: false },
        { label: words.mean, stroke: night, width: 2, spanGaps: false },
        { label: words.high, stroke: night + '66', spanGaps: false }
      ],
      bands: [{ series: [3, 1], fill: night + '22' }],
      hooks: {
        setSelect: [function (plot) {
          if (plot.select.width < 5) return;
          zoom(plot.posToVal(plot.select.left, 'x') * 1000, plot.posToVal(plot.select.left + plot.select.width, 'x') * 1000);
        }]
      }
    };
  }

  function open(figure, button, note) {
    var first = Number(main.dataset.start), last = Number(main.dataset.end);
    var plot, words = main.dataset, wanted = 0;

    function show(start, end) {
      var number = ++wanted;
      note.textContent = words.wait;
      series(figure, Math.round(start), Math.round(end)).then(function (data) {
        if (number !== wanted) return;
        note.textContent = words.hint;
        if (plot) { plot.setData(data); plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false); return; }
        figure.querySelector('svg').remove();
        plot = new window.uPlot(options(figure, words, show), data, figure);
        plot.over.addEventListener('dblclick', function () { show(first, last); });
        window.addEventListener('resize', function () {
          plot.setSize({ width: figure.clientWidth, height: plot.height });
        });
        back.hidden = false;
        button.hidden = true;
      }).catch(function () {
        note.textContent = words.failed;
        button.disabled = false;
      });
    }

    var back = document.createElement('button');
    back.type = 'button';
    back.textContent = words.whole;
    back.hidden = true;
    back.addEventListener('click', function () { show(first, last); });
    button.parentNode.insertBefore(back, button.nextSibling);
    button.disabled = true;
    figure.classList.add('wide');
    figure.parentNode.classList.add('whole');
    load().then(function () { show(first, last); }, function () {
      library = null;
      note.textContent = words.failed;
      button.disabled = false;
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll('figure[data-metric]'), function (figure) {
    var button = document.createElement('button');
    var note = document.createElement('p');
    button.type = 'button';
    button.textContent = main.dataset.zoom;
    button.setAttribute('aria-label', main.dataset.zoom + ' : ' + figure.querySelector('figcaption b').textContent);
    note.setAttribute('role', 'status');
    note.className = 'soft';
    button.addEventListener('click', function () { open(figure, button, note); });
    figure.appendChild(button);
    figure.appendChild(note);
  });
})();
