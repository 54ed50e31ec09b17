import '@mantine/charts/styles.css'
import { AreaChart } from '@mantine/charts'

/** The curve of the speed. It is a page's part of its own, for it is larger than all others together. */
export default function SpeedChart({ data, name }: { data: { at: string; rate: number }[]; name: string }) {
  return (
    <AreaChart
      h={150}
      data={data}
      dataKey="at"
      series={[{ name: 'rate', label: name, color: 'ink.6' }]}
      curveType="monotone"
      withDots={false}
      gridAxis="x"
      tickLine="none"
      strokeWidth={2}
      valueFormatter={(n) => Math.round(n).toLocaleString()}
      xAxisProps={{ minTickGap: 60 }}
      areaProps={{ isAnimationActive: false }}
    />
  )
}
