"""A client of PostgreSQL: reads what to do from standard input, prints what came of each step.

{"library": "psycopg", "connection": {...}, "steps": [{"sql": "SELECT $1", "parameters": ["x"]}, ...]}

A step may be fetched in parts ("fetch": rows at a time from a cursor of the server), or in binary ("binary": true),
or cancelled after so many seconds ("cancel_after").
"""

import datetime
import json
import os
import signal
import sys
import threading


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value if isinstance(value, (type(None), bool, int, float, str, list)) else str(value)


def rows(fetched):
    return [[plain(value) for value in row] for row in fetched]


def psycopg3(step, connection, module):
    cursor = {"binary": step.get("binary", False)}
    if "fetch" in step:
        with connection.transaction(), connection.cursor(name="c", **cursor) as parts:
            parts.execute(step["sql"], step.get("parameters"))
            found, sizes = [], []
            while part := parts.fetchmany(step["fetch"]):
                found += part
                sizes.append(len(part))
            return {"rows": rows(found), "parts": sizes}
    with connection.cursor(**cursor) as whole:
        whole.execute(step["sql"], step.get("parameters"), prepare=step.get("prepare"))
        return {"rows": rows(whole.fetchall()) if whole.description else []}


def psycopg2(step, connection, module):
    if "fetch" in step:
        connection.autocommit = False
        parts = connection.cursor(name="c")
        parts.execute(step["sql"], step.get("parameters"))
        found, sizes = [], []
        while part := parts.fetchmany(step["fetch"]):
            found += part
            sizes.append(len(part))
        connection.commit()
        connection.autocommit = True
        return {"rows": rows(found), "parts": sizes}
    with connection.cursor() as whole:
        whole.execute(step["sql"], step.get("parameters"))
        return {"rows": rows(whole.fetchall()) if whole.description else []}


def raw(step, connection, module):
    """The statement as it stands, with numbered parameters, as libpq sends it."""
    from psycopg.pq import ExecStatus

    wire = connection.pgconn
    parameters = step.get("parameters")
    sql = step["sql"].encode()
    if parameters is None:
        result = wire.exec_(sql)
    else:
        result = wire.exec_params(sql, [value.encode() for value in parameters])
    if result.status == ExecStatus.COPY_OUT:
        data = b""
        while (read := wire.get_copy_data(0))[0] > 0:
            data += bytes(read[1])
        while wire.get_result():
            pass
        return {"rows": [], "copied": len(data)}
    if result.status in (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE):
        from psycopg.pq import DiagnosticField

        state = result.error_field(DiagnosticField.SQLSTATE)
        return {"error": {"state": state and state.decode(), "message": result.error_message.decode()}}
    return {"rows": [[None]] * result.ntuples}


def adbc(task):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(task["uri"]) as connection, connection.cursor() as cursor:
        answers = []
        for step in task["steps"]:
            cursor.execute(step["sql"], parameters=step.get("parameters"))
            table = cursor.fetch_arrow_table()
            answers.append({"rows": rows(zip(*table.to_pydict().values())), "columns": table.schema.names})
        objects = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        tables = [
            f"{schema['db_schema_name']}.{table['table_name']}"
            for catalog in objects
            for schema in catalog["catalog_db_schemas"] or []
            for table in schema["db_schema_tables"] or []
        ]
        return {"answers": answers, "tables": sorted(tables)}


def main():
    task = json.load(sys.stdin)
    if task["library"] == "adbc":
        json.dump(adbc(task), sys.stdout)
        return
    name = "psycopg2" if task["library"] == "psycopg2" else "psycopg"
    module = __import__(name)
    run = {"psycopg": psycopg3, "psycopg2": psycopg2, "raw": raw}[task["library"]]
    try:
        connection = module.connect(**task["connection"])
    except module.OperationalError as cause:
        json.dump([{"error": {"state": None, "message": str(cause)}}], sys.stdout)
        return
    connection.autocommit = True
    answers = []
    for step in task["steps"]:
        if step.get("die_after_rows"):
            # Without a word to the server, in the midst of an answer.
            connection.autocommit = False
            parts = connection.cursor(name="c")
            parts.execute(step["sql"])
            parts.fetchmany(1)
            os.kill(os.getpid(), signal.SIGKILL)
        if "shell" in step:
            import subprocess

            subprocess.run(step["shell"], check=True, capture_output=True)
            continue
        if "cancel_after" in step:
            threading.Timer(step["cancel_after"], connection.cancel).start()
        try:
            answers.append(run(step, connection, module))
        except module.Error as cause:
            state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
            answers.append({"error": {"state": state, "message": str(cause)}})
    json.dump(answers, sys.stdout)


main()
