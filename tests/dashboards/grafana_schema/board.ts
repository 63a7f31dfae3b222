// What one of our boards may be, in the words of the types that Grafana publishes. make.sh turns it into board.schema.json.
// Grafana's own `Panel` leaves `options` and `fieldConfig.custom` open; here each kind of panel has its published ones.
import type * as raw from '@grafana/schema/dist/types/raw/dashboard/x/types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type { FieldConfig as TableFields, Options as TableOptions } from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type { FieldConfig as TimeSeriesFields, Options as TimeSeriesOptions } from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/types/raw/composable/text/panelcfg/x/types.gen';

// No type of the InfluxDB data source is published: this one is ours.
interface InfluxTarget {
  refId: string;
  datasource: { type: 'influxdb'; uid: string };
  query: string;
  rawQuery: true;
  resultFormat: 'time_series' | 'table';
  alias?: string;
}

type Open = 'type' | 'options' | 'fieldConfig' | 'targets';
// Several panels call their types `Options`; written out they need no name.
type Plain<T> = Omit<T, never>;
type Fields<Custom> = { defaults: Omit<raw.FieldConfig, 'custom'> & { custom?: Custom }; overrides: raw.FieldConfigSource['overrides'] };
type Drawn<Kind extends string, Options, Custom> = Omit<raw.Panel, Open> & {
  type: Kind;
  options: Options;
  fieldConfig: Fields<Custom>;
  targets: InfluxTarget[];
};
type Written = Omit<raw.Panel, Open> & { type: 'text'; options: Plain<TextOptions> };

export type Board = Omit<raw.Dashboard, 'panels'> & {
  panels: Array<
    | Drawn<'timeseries', Plain<TimeSeriesOptions>, Plain<TimeSeriesFields>>
    | Drawn<'stat', Plain<StatOptions>, Record<string, never>>
    | Drawn<'table', Plain<TableOptions>, Plain<TableFields>>
    | Written
    | (Omit<raw.RowPanel, 'panels'> & { panels: never[] })
  >;
};
