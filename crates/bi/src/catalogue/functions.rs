//! What clients ask a server of PostgreSQL about itself.
//!
//! Each function here is of its arguments and of the client's own settings alone: none reads a table, a file
//! or anything of another client.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::cast::as_boolean_array;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
    create_udf,
};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use datafusion_pg_catalog::pg_catalog as library;

use super::tables::SCHEMA;
use crate::login::DATABASE;
use crate::settings::{SERVER_VERSION, Settings};

/// What a function answers whatever it is asked.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

/// Whether the reader may: read, and nothing else.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Privilege {
    name: &'static str,
    signature: Signature,
}

const PRIVILEGES: [&str; 6] = [
    "has_table_privilege",
    "has_schema_privilege",
    "has_database_privilege",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_function_privilege",
];
const READING: [&str; 4] = ["select", "usage", "connect", "execute"];

/// Functions about what is never there: comments, defaults, definitions.
const NULL_TEXTS: [&str; 16] = [
    "col_description",
    "obj_description",
    "shobj_description",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_partkeydef",
    "pg_get_ruledef",
    "pg_get_serial_sequence",
    "pg_get_statisticsobjdef_columns",
    "pg_get_triggerdef",
    "pg_get_viewdef",
];
const VISIBLE: [&str; 6] = [
    "pg_function_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_table_is_visible",
    "pg_ts_config_is_visible",
    "pg_type_is_visible",
];
const NO: [&str; 5] = [
    "pg_has_role",
    "pg_is_in_recovery",
    "pg_is_other_temp_schema",
    "pg_relation_is_publishable",
    "pg_relation_is_updatable",
];
const ZERO: [&str; 4] =
    ["pg_my_temp_schema", "pg_relation_size", "pg_stat_get_numscans", "pg_total_relation_size"];

/// Adds the functions of one client to a session.
pub(super) fn register(context: &SessionContext, settings: &Arc<Settings>, number: i32) {
    let constants = NULL_TEXTS
        .map(|name| (name, ScalarValue::Utf8(None)))
        .into_iter()
        .chain(VISIBLE.map(|name| (name, ScalarValue::from(true))))
        .chain(NO.map(|name| (name, ScalarValue::from(false))))
        .chain(ZERO.map(|name| (name, ScalarValue::from(0i32))))
        .chain([
            ("current_database", ScalarValue::from(DATABASE)),
            (
                "current_schema",
                settings.search_path().into_iter().next().map_or(ScalarValue::Utf8(None), ScalarValue::from),
            ),
            ("pg_backend_pid", ScalarValue::from(number)),
            ("pg_get_userbyid", ScalarValue::from(DATABASE)),
            ("session_user", ScalarValue::from(settings.get("session_authorization").unwrap_or_default())),
            ("version", ScalarValue::from(version())),
        ]);
    for (name, value) in constants {
        context.register_udf(Constant { name, value, signature: anything() }.into());
    }
    for name in PRIVILEGES {
        context.register_udf(Privilege { name, signature: anything() }.into());
    }
    context.register_udf(current_schemas(settings));
    context.register_udf(current_setting(settings));
    context.register_udf(library::format_type::create_format_type_udf());
    context.register_udf(library::create_pg_encoding_to_char_udf());
    context.register_udf(library::quote_ident_udf::create_quote_ident_udf());
    context.register_udf(library::quote_ident_udf::create_parse_ident_udf());
    context.register_udf(library::array_bounds_udf::create_array_upper_udf());
    context.register_udf(library::array_bounds_udf::create_array_lower_udf());
}

/// Clients read the version of PostgreSQL from its beginning.
fn version() -> String {
    format!("PostgreSQL {SERVER_VERSION} (Vermeil {})", env!("CARGO_PKG_VERSION"))
}

fn anything() -> Signature {
    Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Stable)
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}

impl ScalarUDFImpl for Privilege {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        // The last argument names the privileges, with commas between.
        let asked = match arguments.args.last() {
            Some(ColumnarValue::Scalar(asked)) => asked.to_string().to_ascii_lowercase(),
            _ => String::new(),
        };
        let reads = asked.split(',').any(|asked| READING.contains(&asked.trim()));
        Ok(ColumnarValue::Scalar(ScalarValue::from(reads)))
    }
}

fn current_schemas(settings: &Arc<Settings>) -> ScalarUDF {
    let path = settings.search_path();
    let list = move |schemas: Vec<String>| -> ArrayRef {
        Arc::new(SingleRowListArrayBuilder::new(Arc::new(StringArray::from(schemas))).build_list_array())
    };
    let answer = move |arguments: &[ColumnarValue]| {
        let arguments = ColumnarValue::values_to_arrays(arguments)?;
        let asked: &BooleanArray = as_boolean_array(&arguments[0])?;
        let implicit = !asked.is_empty() && asked.is_valid(0) && asked.value(0);
        let implicit = implicit.then(|| SCHEMA.to_owned()).into_iter();
        Ok(ColumnarValue::Array(list(implicit.chain(path.iter().cloned()).collect())))
    };
    let texts = DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
    create_udf("current_schemas", vec![DataType::Boolean], texts, Volatility::Immutable, Arc::new(answer))
}

fn current_setting(settings: &Arc<Settings>) -> ScalarUDF {
    let settings = Arc::clone(settings);
    let answer = move |arguments: &[ColumnarValue]| {
        let arguments = ColumnarValue::values_to_arrays(arguments)?;
        let names = arguments[0].as_string::<i32>();
        let mut values = StringBuilder::new();
        for name in names {
            values.append_option(name.and_then(|name| settings.get(name)));
        }
        Ok(ColumnarValue::Array(Arc::new(values.finish()) as ArrayRef))
    };
    let arguments = vec![DataType::Utf8];
    create_udf("current_setting", arguments, DataType::Utf8, Volatility::Stable, Arc::new(answer))
}
