"""From scored rows to the report: a value, rendered to HTML, XLSX and JSON.

The folder is the way of a report: `sources` reads scored rows, `scored` holds them by column,
`study` counts, `linked` regresses, `blocks` turns both into twenty blocks of tables and sentences
(`values`), `wording` says them in Chinese and English, and `page`, `workbook` and `Report.save`
write them down. Statistics live in `sentiment.drivers`; nothing is computed twice.
"""
